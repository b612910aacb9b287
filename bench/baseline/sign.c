/*
 * sign MODULE TOKEN-LABEL PIN-FILE KEY-LABEL
 * Per round of n: n signatures, RSA-2048 with SHA-256, of 16 octets. Answers the milliseconds.
 */
#include "common.h"
#include "pkcs11.h"

enum { CHALLENGE = 16, SIGNATURE = 256 };

int main(int argc, char **argv) {
  if (argc != 5) die("usage: sign MODULE TOKEN-LABEL PIN-FILE KEY-LABEL");
  open_token(argv[1], argv[2], argv[3]);
  CK_ULONG key = find_key(CKO_PRIVATE_KEY, argv[4]);
  unsigned char challenge[CHALLENGE] = {0}, signature[SIGNATURE];

  for (long n; (n = next_round()) > 0;) {
    double start = now_ms();
    for (long i = 0; i < n; i++) {
      challenge[0] = (unsigned char)i;
      sign(CKM_SHA256_RSA_PKCS, key, challenge, CHALLENGE, signature, SIGNATURE);
    }
    printf("%.6f\n", now_ms() - start);
    fflush(stdout);
  }
  return 0;
}
