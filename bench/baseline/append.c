/*
 * append FILE OCTETS
 * Per round of n: n times write that many octets at the end of the file and fdatasync. Answers the
 * milliseconds of the round.
 */
#include "common.h"
#include <fcntl.h>
#include <unistd.h>

int main(int argc, char **argv) {
  if (argc != 3) die("usage: append FILE OCTETS");
  int file = open(argv[1], O_WRONLY | O_CREAT | O_APPEND, 0600);
  if (file < 0) die("%s: cannot be opened", argv[1]);
  size_t octets = (size_t)atol(argv[2]);
  unsigned char *entry = malloc(octets);
  if (!entry) die("out of memory");
  memset(entry, 0x5a, octets);

  for (long n; (n = next_round()) > 0;) {
    double start = now_ms();
    for (long i = 0; i < n; i++) {
      if (write(file, entry, octets) != (ssize_t)octets) die("%s: write failed", argv[1]);
      if (fdatasync(file)) die("%s: fdatasync failed", argv[1]);
    }
    printf("%.6f\n", now_ms() - start);
    fflush(stdout);
  }
  return 0;
}
