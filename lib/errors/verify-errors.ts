import { usesSystemCas } from '../native/node-flags.ts'

// Node's code and message for each of OpenSSL's verify results.

interface VerifyError {
  readonly code: string
  readonly message: string
}

const verifyErrors: Readonly<Record<number, readonly [code: string, message: string]>> = {
  2: ['UNABLE_TO_GET_ISSUER_CERT', 'unable to get issuer certificate'],
  3: ['UNABLE_TO_GET_CRL', 'unable to get certificate CRL'],
  4: ['UNABLE_TO_DECRYPT_CERT_SIGNATURE', "unable to decrypt certificate's signature"],
  5: ['UNABLE_TO_DECRYPT_CRL_SIGNATURE', "unable to decrypt CRL's signature"],
  6: ['UNABLE_TO_DECODE_ISSUER_PUBLIC_KEY', 'unable to decode issuer public key'],
  7: ['CERT_SIGNATURE_FAILURE', 'certificate signature failure'],
  8: ['CRL_SIGNATURE_FAILURE', 'CRL signature failure'],
  9: ['CERT_NOT_YET_VALID', 'certificate is not yet valid'],
  10: ['CERT_HAS_EXPIRED', 'certificate has expired'],
  11: ['CRL_NOT_YET_VALID', 'CRL is not yet valid'],
  12: ['CRL_HAS_EXPIRED', 'CRL has expired'],
  13: ['ERROR_IN_CERT_NOT_BEFORE_FIELD', "format error in certificate's notBefore field"],
  14: ['ERROR_IN_CERT_NOT_AFTER_FIELD', "format error in certificate's notAfter field"],
  15: ['ERROR_IN_CRL_LAST_UPDATE_FIELD', "format error in CRL's lastUpdate field"],
  16: ['ERROR_IN_CRL_NEXT_UPDATE_FIELD', "format error in CRL's nextUpdate field"],
  17: ['OUT_OF_MEM', 'out of memory'],
  18: ['DEPTH_ZERO_SELF_SIGNED_CERT', 'self-signed certificate'],
  19: ['SELF_SIGNED_CERT_IN_CHAIN', 'self-signed certificate in certificate chain'],
  20: ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'unable to get local issuer certificate'],
  21: ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'unable to verify the first certificate'],
  22: ['CERT_CHAIN_TOO_LONG', 'certificate chain too long'],
  23: ['CERT_REVOKED', 'certificate revoked'],
  25: ['PATH_LENGTH_EXCEEDED', 'path length constraint exceeded'],
  26: ['INVALID_PURPOSE', 'unsuitable certificate purpose'],
  27: ['CERT_UNTRUSTED', 'certificate not trusted'],
  28: ['CERT_REJECTED', 'certificate rejected'],
  62: ['HOSTNAME_MISMATCH', 'hostname mismatch'],
  79: ['INVALID_CA', 'invalid CA certificate'],
}

/**
 * Node's code and message for an X509_V_ERR_* number. For a number without a name the code is UNSPECIFIED, as in Node.
 */
export function verifyError(number: number, fallback: string): VerifyError {
  const [code, message] = verifyErrors[number] ?? ['UNSPECIFIED', opensslWords(fallback)]
  return { code, message: isAdvised(number) ? message + advice : message }
}

const advice = '; if the root CA is installed locally, try running Node.js with --use-system-ca'
// Node 22 gives no such advice.
const givesAdvice = Number.parseInt(process.versions.node, 10) >= 24

function isAdvised(number: number): boolean {
  return givesAdvice && (number === 18 || number === 21 || (number === 2 && !usesSystemCas))
}

// libcurl puts its own text around OpenSSL's: "SSL certificate OpenSSL verify result: unhandled critical extension
// (34)".
function opensslWords(message: string): string {
  return (
    /verify result: (.+) \(\d+\)$/.exec(message)?.[1] ?? 'unknown certificate verification error'
  )
}
