/** Object identifiers of RFC 5280, its attributes and its extensions. */
export const OID_COUNTRY = '2.5.4.6';
export const OID_COMMON_NAME = '2.5.4.3';
export const OID_LOCALITY = '2.5.4.7';
export const OID_EMAIL_ADDRESS = '1.2.840.113549.1.9.1';

export const OID_SUBJECT_KEY_ID = '2.5.29.14';
export const OID_KEY_USAGE = '2.5.29.15';
export const OID_SUBJECT_ALT_NAME = '2.5.29.17';
export const OID_ISSUER_ALT_NAME = '2.5.29.18';
export const OID_BASIC_CONSTRAINTS = '2.5.29.19';
export const OID_REASON_CODE = '2.5.29.21';
export const OID_INVALIDITY_DATE = '2.5.29.24';
export const OID_DELTA_CRL = '2.5.29.27';
export const OID_ISSUING_DISTRIBUTION_POINT = '2.5.29.28';
export const OID_CERTIFICATE_ISSUER = '2.5.29.29';
export const OID_NAME_CONSTRAINTS = '2.5.29.30';
export const OID_CRL_DISTRIBUTION_POINTS = '2.5.29.31';
export const OID_CERTIFICATE_POLICIES = '2.5.29.32';
export const OID_ANY_POLICY = '2.5.29.32.0';
export const OID_POLICY_MAPPINGS = '2.5.29.33';
export const OID_AUTHORITY_KEY_ID = '2.5.29.35';
export const OID_POLICY_CONSTRAINTS = '2.5.29.36';
export const OID_EXTENDED_KEY_USAGE = '2.5.29.37';
export const OID_INHIBIT_ANY_POLICY = '2.5.29.54';

export const OID_CLIENT_AUTH = '1.3.6.1.5.5.7.3.2';
export const OID_OCSP_SIGNING = '1.3.6.1.5.5.7.3.9';
export const OID_QUALIFIER_CPS = '1.3.6.1.5.5.7.2.1';
export const OID_QUALIFIER_USER_NOTICE = '1.3.6.1.5.5.7.2.2';

/** RFC 6960 4.2.1, 4.2.2.2.1, 4.4.1. */
export const OID_OCSP_BASIC = '1.3.6.1.5.5.7.48.1.1';
export const OID_OCSP_NONCE = '1.3.6.1.5.5.7.48.1.2';
export const OID_OCSP_NO_CHECK = '1.3.6.1.5.5.7.48.1.5';

/** JPKI's certificate policies. */
export const OID_JPKI_AUTHENTICATION = '1.2.392.200149.8.5.1.3.30';
export const OID_JPKI_SIGNATURE = '1.2.392.200149.8.5.1.1.20';
export const OID_JPKI_PHONE_SIGNATURE = '1.2.392.200149.8.5.1.1.40';
export const OID_JPKI_TEST_SIGNATURE = '1.2.392.200149.8.5.1.0.20';
