import { X509Certificate, createPrivateKey } from 'node:crypto'
import { once } from 'node:events'
import { access, readFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { connect, type ConnectionOptions, createServer, type TLSSocket, type TlsOptions } from 'node:tls'
import { createAuthority, makeCertificates } from '@antiphon/workshop/certificates'
import { afterAll, describe, expect, it } from 'vitest'

const day = 86_400_000

describe('createAuthority', async () => {
  const authority = await createAuthority('Test authority')
  const server = await authority.issue({
    commonName: 'server',
    usage: 'server',
    hosts: ['localhost', '127.0.0.1', '::1'],
  })
  const closing: (() => void)[] = []
  afterAll(() => closing.forEach((close) => close()))

  /** Connects a client; resolves with the error of either side, or with the common name that the server verified. */
  const outcomeOf = async (client: ConnectionOptions, options: TlsOptions = {}): Promise<unknown> => {
    const tls = { ...server, ca: authority.cert, requestCert: true, rejectUnauthorized: false, ...options }
    const listener = createServer(tls).listen(0, 'localhost')
    await once(listener, 'listening')
    closing.push(() => listener.close())
    const accepted = new Promise<unknown>((resolve) => {
      listener.once('secureConnection', (socket: TLSSocket) => {
        resolve(socket.authorized ? socket.getPeerCertificate().subject.CN : socket.authorizationError)
        socket.on('error', () => undefined).destroy()
      })
    })
    const { port } = listener.address() as AddressInfo
    const socket = connect({ port, host: 'localhost', ca: authority.cert, ...client })
    const secured = once(socket, 'secureConnect')
    return secured.then(
      () => accepted,
      ({ code }: NodeJS.ErrnoException) => code,
    )
  }

  it('creates a self-signed certificate that may sign certificates and revocation lists', () => {
    const certificate = new X509Certificate(authority.cert)
    expect(certificate.ca).toBe(true)
    expect(certificate.subject).toBe('CN=Test authority')
    expect(certificate.verify(certificate.publicKey)).toBe(true)
  })

  it('issues certificates with elliptic keys, the names of the hosts, and separate serial numbers', async () => {
    const certificate = new X509Certificate(server.cert)
    const issuer = new X509Certificate(authority.cert)
    expect(certificate.checkIssued(issuer)).toBe(true)
    expect(certificate.verify(issuer.publicKey)).toBe(true)
    expect(certificate.publicKey.asymmetricKeyDetails).toEqual({ namedCurve: 'prime256v1' })
    expect(certificate.checkPrivateKey(createPrivateKey(server.key))).toBe(true)
    expect(certificate.subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1, IP Address:0:0:0:0:0:0:0:1')
    const other = await authority.issue({ commonName: 'server', usage: 'server' })
    expect(new X509Certificate(other.cert).serialNumber).not.toBe(certificate.serialNumber)
  })

  it.each(['device-7', 'device/1', 'a,b+c=d', 'Gerät #1'])(
    'issues a client certificate with the common name %s, which a server verifies',
    async (commonName) => {
      const client = await authority.issue({ commonName, usage: 'client' })
      expect(await outcomeOf(client)).toBe(commonName)
    },
  )

  it('issues a server certificate that clients accept only for its hosts', async () => {
    const client = await authority.issue({ commonName: 'client', usage: 'client' })
    const elsewhere = await outcomeOf({ ...client, servername: 'elsewhere.example' })
    expect(elsewhere).toBe('ERR_TLS_CERT_ALTNAME_INVALID')
    const unknown = await createAuthority()
    expect(await outcomeOf({ ...client, ca: unknown.cert })).toBe('SELF_SIGNED_CERT_IN_CHAIN')
  })

  it('issues an expired certificate, which a server refuses', async () => {
    const now = Date.now()
    const validity = [now - 2 * day, now - day] as const
    const client = await authority.issue({ commonName: 'old', usage: 'client', validity })
    expect(await outcomeOf(client)).toBe('CERT_HAS_EXPIRED')
  })

  it('refuses a server certificate as that of a client', async () => {
    expect(await outcomeOf(server)).toBe('INVALID_PURPOSE')
  })

  it('creates a revocation list, by which a server refuses only the revoked certificate', async () => {
    const revoked = await authority.issue({ commonName: 'revoked', usage: 'client' })
    const valid = await authority.issue({ commonName: 'valid', usage: 'client' })
    const crl = await authority.revocationList([revoked])
    expect(await outcomeOf(revoked, { crl })).toBe('CERT_REVOKED')
    expect(await outcomeOf(valid, { crl })).toBe('valid')
    const empty = await authority.revocationList([])
    expect(await outcomeOf(revoked, { crl: empty })).toBe('revoked')
  })
})

describe('makeCertificates', () => {
  it('writes the certificates to files, and removes them', async () => {
    const { ca, caFile, server, clients, remove } = await makeCertificates({ clients: ['device/1'] })
    const client = clients['device/1'] ?? server
    const files = [caFile, server.certFile, server.keyFile, client.certFile, client.keyFile]
    const contents = await Promise.all(files.map((file) => readFile(file, 'utf8')))
    expect(contents).toEqual([ca, server.cert, server.key, client.cert, client.key])
    expect(new X509Certificate(client.cert).subject).toBe('CN=device/1')
    expect(new X509Certificate(server.cert).subjectAltName).toBe('DNS:localhost, IP Address:127.0.0.1')
    await remove()
    await expect(access(caFile)).rejects.toMatchObject({ code: 'ENOENT' })
  })
})
