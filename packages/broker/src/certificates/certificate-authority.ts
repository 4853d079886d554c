// The library resolves its parsers by tsyringe, which needs this polyfill first.
import 'reflect-metadata'
import * as x509 from '@peculiar/x509'
import { randomBytes, webcrypto } from 'node:crypto'

/** A certificate and its private key, as PEM. */
export interface Identity {
  readonly cert: string
  readonly key: string
}

/** The content of a certificate. */
export interface CertificateContent {
  readonly commonName: string
  /** `server` has `hosts` as its names; `client` may only be used to authenticate a client. */
  readonly usage: 'server' | 'client'
  /** Host names and IP addresses of a server. */
  readonly hosts?: readonly string[]
  /**
   * The validity in milliseconds since the epoch.
   *
   * @defaultValue from one hour ago, for clocks that differ, until in two days
   */
  readonly validity?: readonly [from: number, until: number]
}

/** A certificate authority that exists in memory. */
export interface CertificateAuthority {
  /** The authority's own certificate, as PEM. */
  readonly cert: string
  /** Creates a key and signs its certificate. */
  readonly issue: (content: CertificateContent) => Promise<Identity>
  /** Creates a revocation list of certificates that the authority has issued, as PEM. */
  readonly revocationList: (revoked: readonly Identity[]) => Promise<string>
}

const hour = 3_600_000
const algorithm = { name: 'ECDSA', namedCurve: 'P-256', hash: 'SHA-256' }

/**
 * Creates a certificate authority with an elliptic key. By default its certificate is valid from one hour ago until in two
 * days.
 */
export async function createAuthority(
  commonName = 'Antiphon test authority',
  validity: readonly [from: number, until: number] = usualValidity(),
): Promise<CertificateAuthority> {
  const keys = await createKeys()
  const issuer = distinguishedName(commonName)
  const usages = x509.KeyUsageFlags.keyCertSign | x509.KeyUsageFlags.cRLSign
  const authority = await x509.X509CertificateGenerator.createSelfSigned({
    serialNumber: serialNumber(),
    name: issuer,
    ...validityOf(validity),
    keys,
    signingAlgorithm: algorithm,
    extensions: [
      new x509.BasicConstraintsExtension(true, undefined, true),
      new x509.KeyUsagesExtension(usages, true),
      await x509.SubjectKeyIdentifierExtension.create(keys.publicKey),
    ],
  })

  return {
    cert: authority.toString('pem'),
    issue: async (content) => {
      const { privateKey, publicKey } = await createKeys()
      const certificate = await x509.X509CertificateGenerator.create({
        serialNumber: serialNumber(),
        subject: distinguishedName(content.commonName),
        issuer,
        ...validityOf(content.validity ?? usualValidity()),
        publicKey,
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
        extensions: [
          ...extensionsOf(content),
          await x509.AuthorityKeyIdentifierExtension.create(keys.publicKey),
        ],
      })
      const key = await webcrypto.subtle.exportKey('pkcs8', privateKey)
      return { cert: certificate.toString('pem'), key: x509.PemConverter.encode(key, 'PRIVATE KEY') }
    },
    revocationList: async (revoked) => {
      const [thisUpdate, nextUpdate] = usualValidity()
      const list = await x509.X509CrlGenerator.create({
        issuer,
        thisUpdate: new Date(thisUpdate),
        nextUpdate: new Date(nextUpdate),
        entries: revoked.map(({ cert }) => ({
          serialNumber: new x509.X509Certificate(cert).serialNumber,
          revocationDate: new Date(thisUpdate),
        })),
        signingKey: keys.privateKey,
        signingAlgorithm: algorithm,
      })
      // `list.toString('pem')` has the label `CRL`, which OpenSSL does not read.
      return x509.PemConverter.encode(list.rawData, 'X509 CRL')
    },
  }
}

function createKeys(): Promise<CryptoKeyPair> {
  return webcrypto.subtle.generateKey(algorithm, true, ['sign', 'verify'])
}

// As an object: a name in text would need escapes for commas and slashes.
function distinguishedName(commonName: string): x509.JsonName {
  return [{ CN: [commonName] }]
}

// A first byte below 0x80 keeps the number positive, and one above 0 keeps its length.
function serialNumber(): string {
  return `40${randomBytes(15).toString('hex')}`
}

function usualValidity(): readonly [from: number, until: number] {
  const now = Date.now()
  return [now - hour, now + 48 * hour]
}

function validityOf([from, until]: readonly [number, number]): { notBefore: Date; notAfter: Date } {
  return { notBefore: new Date(from), notAfter: new Date(until) }
}

function extensionsOf({ usage, hosts = [] }: CertificateContent): readonly x509.Extension[] {
  const names = hosts.map((host): x509.JsonGeneralName => ({
    type: /^[\d.]+$|:/.test(host) ? 'ip' : 'dns',
    value: host,
  }))
  return [
    new x509.ExtendedKeyUsageExtension([x509.ExtendedKeyUsage[`${usage}Auth`]]),
    ...(names.length === 0 ? [] : [new x509.SubjectAlternativeNameExtension(names)]),
  ]
}
