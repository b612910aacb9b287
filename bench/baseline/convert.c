/*
 * convert MODULE TOKEN-LABEL PIN-FILE KEY-LABEL INPUTS
 * Per round of n: HMAC-SHA-512 of the first n inputs of 78 octets. Answers the milliseconds and the XOR
 * of the first 16 octets of every result, so that the other side can see the same work was done.
 */
#include "common.h"
#include "pkcs11.h"

enum { INPUT = 78, MAC = 64, VALUE = 16 };

int main(int argc, char **argv) {
  if (argc != 6) die("usage: convert MODULE TOKEN-LABEL PIN-FILE KEY-LABEL INPUTS");
  open_token(argv[1], argv[2], argv[3]);
  CK_ULONG key = find_key(CKO_SECRET_KEY, argv[4]);
  size_t length;
  const unsigned char *inputs = read_file(argv[5], &length);

  for (long n; (n = next_round()) > 0;) {
    if ((size_t)n * INPUT > length) die("%ld inputs asked, %zu there", n, length / INPUT);
    unsigned char mac[MAC], check[VALUE] = {0};
    double start = now_ms();
    for (long i = 0; i < n; i++) {
      sign(CKM_SHA512_HMAC, key, inputs + i * INPUT, INPUT, mac, MAC);
      for (int j = 0; j < VALUE; j++) check[j] ^= mac[j];
    }
    printf("%.6f ", now_ms() - start);
    for (int j = 0; j < VALUE; j++) printf("%02x", check[j]);
    putchar('\n');
    fflush(stdout);
  }
  return 0;
}
