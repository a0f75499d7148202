// A listener in another language: counts cases by bucket from the topic alone, by the same rule.
//
//     npm install kafkajs protobufjs
//     node docs/examples/listener.mjs 127.0.0.1:9092 proto
import { Kafka, logLevel } from 'kafkajs';
import protobuf from 'protobufjs';
import { existsSync } from 'node:fs';
import { createRequire } from 'node:module';
import path from 'node:path';

const [bootstrap, protoFolder] = process.argv.slice(2);
const TOPIC = 'acuerdo.cases.v1.events';

const root = new protobuf.Root();
const bundled = path.dirname(createRequire(import.meta.url).resolve('protobufjs/package.json'));
root.resolvePath = (_, target) =>
  [protoFolder, path.join(protoFolder, 'third_party'), bundled].map((folder) => path.join(folder, target)).find(existsSync) ?? target;
await root.load('acuerdo/cases/v1/events.proto');
const CaseEvent = root.lookupType('acuerdo.cases.v1.CaseEvent');

const heard = new Map(); // in earnest: kept in the transaction that keeps the effect
const bucketOf = new Map();

function hear(partition, headers, value) {
  const [epoch, position, previous] = ['epoch', 'position', 'previous'].map((name) => BigInt(headers[`acuerdo-${name}`].toString()));
  const key = `${epoch}/${partition}`;
  const upTo = heard.get(key) ?? 0n;
  if (position <= upTo) return;
  if (previous > upTo) throw new Error(`gap in partition ${partition} after ${upTo}: fetch it with Log.Replay`);
  const event = CaseEvent.decode(value);
  if (event.bucketChanged) bucketOf.set(Buffer.from(event.meta.streamId).toString('hex'), event.bucketChanged.to);
  heard.set(key, position);
}

const kafka = new Kafka({ brokers: [bootstrap], logLevel: logLevel.ERROR });
const admin = kafka.admin();
await admin.connect();
const ends = new Map((await admin.fetchTopicOffsets(TOPIC)).map(({ partition, high }) => [partition, BigInt(high)]));
await admin.disconnect();

const consumer = kafka.consumer({ groupId: `example-${process.pid}` });
await consumer.connect();
await consumer.subscribe({ topic: TOPIC, fromBeginning: true });
const open = new Set([...ends].filter(([, end]) => end > 0n).map(([partition]) => partition));
const done = new Promise((resolve) => {
  if (open.size === 0) resolve();
  consumer.run({
    eachMessage: async ({ partition, message }) => {
      hear(partition, message.headers, message.value);
      if (BigInt(message.offset) + 1n >= ends.get(partition)) open.delete(partition);
      if (open.size === 0) resolve();
    },
  });
});
await done;
const counts = {};
for (const bucket of bucketOf.values()) counts[bucket] = (counts[bucket] ?? 0) + 1;
for (const bucket of Object.keys(counts).sort()) console.log(bucket.padEnd(10), String(counts[bucket]).padStart(6));
await consumer.disconnect();
