/*
 * tap READER MODULE TOKEN-LABEL PIN-FILE INSTITUTION-KEY EVENT-KEY INTERMEDIATE-CVC INSTITUTION-CVC INPUT
 * Per round of n: n taps on the card in the reader, the same APDUs and the same two HSM calls as the
 * gate's with profile jpki, and nothing else. Answers the milliseconds of each tap, from before
 * SCardConnect to the card's signature.
 */
#include "common.h"
#include "pkcs11.h"
#include <winscard.h>

static SCARDHANDLE card;
static const SCARD_IO_REQUEST *protocol;

static void check(const char *what, LONG result) {
  if (result != SCARD_S_SUCCESS) die("%s: %s", what, pcsc_stringify_error(result));
}

/* Sends one command; the answer must be 9000 with this many octets of data, or with any number for -1. */
static const unsigned char *send(const char *what, const unsigned char *command, size_t length, long expected) {
  static unsigned char answer[4096];
  DWORD received = sizeof answer;
  check(what, SCardTransmit(card, protocol, command, length, NULL, answer, &received));
  if (received < 2 || answer[received - 2] != 0x90 || answer[received - 1] != 0x00)
    die("%s: card answered %02X%02X", what, received < 2 ? 0 : answer[received - 2],
        received < 2 ? 0 : answer[received - 1]);
  if (expected >= 0 && received != (DWORD)expected + 2) die("%s: %lu octets", what, (unsigned long)received - 2);
  return answer;
}

/* A command with extended Lc and no Le. */
static void load(const char *what, const char header[4], const unsigned char *data, size_t length) {
  unsigned char command[1024];
  if (length > sizeof command - 7) die("%s: too long", what);
  memcpy(command, header, 4);
  command[4] = 0;
  command[5] = (unsigned char)(length >> 8);
  command[6] = (unsigned char)length;
  memcpy(command + 7, data, length);
  send(what, command, 7 + length, 0);
}

#define SEND(what, bytes, expected) send(what, (const unsigned char *)bytes, sizeof bytes - 1, expected)

enum { CVC_BODY = 307, CVC_SIGNATURE = 261, INPUT = 78, CHALLENGE = 16 };

int main(int argc, char **argv) {
  if (argc != 10) die("usage: tap READER MODULE TOKEN PIN-FILE INSTITUTION EVENT CVC CVC INPUT");
  open_token(argv[2], argv[3], argv[4]);
  CK_ULONG institution = find_key(CKO_PRIVATE_KEY, argv[5]);
  CK_ULONG event = find_key(CKO_SECRET_KEY, argv[6]);
  const unsigned char *chain[2], *input;
  for (int i = 0; i < 2; i++) {
    size_t length;
    chain[i] = read_file(argv[7 + i], &length);
    if (length != CVC_BODY + CVC_SIGNATURE) die("%s: %zu octets", argv[7 + i], length);
  }
  size_t length;
  input = read_file(argv[9], &length);
  if (length != INPUT) die("%s: %zu octets", argv[9], length);

  SCARDCONTEXT context;
  check("SCardEstablishContext", SCardEstablishContext(SCARD_SCOPE_SYSTEM, NULL, NULL, &context));
  unsigned char sign_hash[5 + 32 + 1] = {0x80, 0x2a, 0x02, 0x97, 0x20};

  for (long n; (n = next_round()) > 0;) {
    for (long i = 0; i < n; i++) {
      unsigned char challenge[CHALLENGE], signature[256], mac[64];
      DWORD active;
      double start = now_ms();
      check("SCardConnect", SCardConnect(context, argv[1], SCARD_SHARE_EXCLUSIVE,
                                         SCARD_PROTOCOL_T0 | SCARD_PROTOCOL_T1, &card, &active));
      protocol = active == SCARD_PROTOCOL_T1 ? SCARD_PCI_T1 : SCARD_PCI_T0;
      SEND("select", "\x00\xa4\x04\x0c\x0a\xd3\x92\xf0\x00\x26\x01\x00\x00\x00\x01", 0);
      SEND("token info", "\x00\xb0\x86\x00\x20", 32);
      SEND("certificate state", "\x00\xb0\x88\x00\x03", -1);
      SEND("select terminal key", "\x00\xa4\x02\x0c\x02\x00\x16", 0);
      for (int j = 0; j < 2; j++) {
        load("certificate body", "\x80\xa2\x06\xc1", chain[j], CVC_BODY);
        load("certificate signature", "\x80\xa2\x00\xc1", chain[j] + CVC_BODY, CVC_SIGNATURE);
      }
      memcpy(challenge, SEND("challenge", "\x00\x84\x00\x00\x10", CHALLENGE), CHALLENGE);
      sign(CKM_SHA256_RSA_PKCS, institution, challenge, CHALLENGE, signature, sizeof signature);
      load("external authenticate", "\x00\x82\x00\x96", signature, sizeof signature);
      SEND("certificate head", "\x00\xb0\x8a\x00\x00", 256);
      sign(CKM_SHA512_HMAC, event, input, INPUT, mac, sizeof mac);
      memcpy(sign_hash + 5, mac, 32);
      send("sign", sign_hash, sizeof sign_hash, 256);
      printf("%.6f%c", now_ms() - start, i + 1 < n ? ' ' : '\n');
      check("SCardDisconnect", SCardDisconnect(card, SCARD_RESET_CARD));
    }
    fflush(stdout);
  }
  SCardReleaseContext(context);
  return 0;
}
