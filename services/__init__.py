"""The four services of Acuerdo, the chassis they stand on and the kernel of words they share."""
