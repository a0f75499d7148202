"""The chassis: what every service stands on. No business."""
