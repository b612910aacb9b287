/*
 * The few declarations of PKCS #11 2.40 that the baselines use. The function list is reached by index:
 * the standard fixes the order of its members (section 4.6, CK_FUNCTION_LIST).
 */
#include <dlfcn.h>

typedef unsigned long CK_ULONG;
typedef struct { CK_ULONG type; void *value; CK_ULONG length; } CK_ATTRIBUTE;
typedef struct { CK_ULONG mechanism; void *parameter; CK_ULONG length; } CK_MECHANISM;
typedef struct { unsigned char major, minor; void *functions[68]; } CK_FUNCTION_LIST;
typedef struct {
  unsigned char label[32], manufacturer[32], model[16], serial[16];
  CK_ULONG flags, counts[10];
  unsigned char versions[4], time[16];
} CK_TOKEN_INFO;

enum { INITIALIZE = 0, SLOT_LIST = 4, TOKEN_INFO = 6, OPEN_SESSION = 12, LOGIN = 18,
       FIND_INIT = 26, FIND = 27, FIND_FINAL = 28, SIGN_INIT = 42, SIGN = 43 };
enum { CKF_SERIAL_SESSION = 4, CKU_USER = 1, CKA_CLASS = 0, CKA_LABEL = 3,
       CKO_PRIVATE_KEY = 3, CKO_SECRET_KEY = 4, CKM_SHA256_RSA_PKCS = 0x40, CKM_SHA512_HMAC = 0x271 };

static CK_FUNCTION_LIST *hsm;
static CK_ULONG session;

#define CALL(index, types, ...) (((CK_ULONG(*) types)hsm->functions[index])(__VA_ARGS__))

static void must(const char *what, CK_ULONG result) {
  if (result) die("%s: CKR 0x%lx", what, result);
}

/* Opens a session on the token of this label and logs in; the PIN is the first line of a file. */
static void open_token(const char *module, const char *label, const char *pin_file) {
  void *library = dlopen(module, RTLD_NOW);
  if (!library) die("%s", dlerror());
  CK_ULONG (*list)(CK_FUNCTION_LIST **);
  *(void **)&list = dlsym(library, "C_GetFunctionList");
  if (!list) die("%s: no C_GetFunctionList", module);
  must("C_GetFunctionList", list(&hsm));
  must("C_Initialize", CALL(INITIALIZE, (void *), NULL));

  CK_ULONG slots[64], count = 64, found = 64;
  must("C_GetSlotList", CALL(SLOT_LIST, (unsigned char, CK_ULONG *, CK_ULONG *), 1, slots, &count));
  for (CK_ULONG i = 0; i < count; i++) {
    CK_TOKEN_INFO info;
    must("C_GetTokenInfo", CALL(TOKEN_INFO, (CK_ULONG, CK_TOKEN_INFO *), slots[i], &info));
    char padded[33];
    snprintf(padded, sizeof padded, "%-32s", label);
    if (!memcmp(info.label, padded, 32)) found = i;
  }
  if (found == 64) die("no token with that label");
  must("C_OpenSession", CALL(OPEN_SESSION, (CK_ULONG, CK_ULONG, void *, void *, CK_ULONG *),
                             slots[found], CKF_SERIAL_SESSION, NULL, NULL, &session));
  size_t length;
  char *pin = (char *)read_file(pin_file, &length);
  pin[strcspn(pin, "\r\n")] = 0;
  must("C_Login", CALL(LOGIN, (CK_ULONG, CK_ULONG, char *, CK_ULONG), session, CKU_USER, pin, strlen(pin)));
  memset(pin, 0, length);
  free(pin);
}

static CK_ULONG find_key(CK_ULONG class, const char *label) {
  CK_ATTRIBUTE template[] = {{CKA_CLASS, &class, sizeof class}, {CKA_LABEL, (void *)label, strlen(label)}};
  CK_ULONG key, count;
  must("C_FindObjectsInit", CALL(FIND_INIT, (CK_ULONG, CK_ATTRIBUTE *, CK_ULONG), session, template, 2));
  must("C_FindObjects", CALL(FIND, (CK_ULONG, CK_ULONG *, CK_ULONG, CK_ULONG *), session, &key, 1, &count));
  must("C_FindObjectsFinal", CALL(FIND_FINAL, (CK_ULONG), session));
  if (!count) die("%s: no such key", label);
  return key;
}

static void sign(CK_ULONG type, CK_ULONG key, const unsigned char *data, CK_ULONG length,
                 unsigned char *out, CK_ULONG expected) {
  CK_MECHANISM mechanism = {type, NULL, 0};
  CK_ULONG written = expected;
  must("C_SignInit", CALL(SIGN_INIT, (CK_ULONG, CK_MECHANISM *, CK_ULONG), session, &mechanism, key));
  must("C_Sign", CALL(SIGN, (CK_ULONG, const unsigned char *, CK_ULONG, unsigned char *, CK_ULONG *),
                      session, data, length, out, &written));
  if (written != expected) die("C_Sign: %lu octets", written);
}
