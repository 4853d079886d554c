import { X509Certificate } from 'node:crypto'
import { once } from 'node:events'
import { mkdtemp, readdir, readFile, rm, stat, writeFile } from 'node:fs/promises'
import type { AddressInfo } from 'node:net'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { connect, createServer } from 'node:tls'
import { afterEach, beforeEach, describe, expect, it } from 'vitest'
import { createAuthority } from '../../src/certificates/certificate-authority.js'
import { developmentTls } from '../../src/command/development-tls.js'

let folder: string
let directory: string
beforeEach(async () => {
  folder = await mkdtemp(join(tmpdir(), 'antiphon-dev-tls-'))
  directory = join(folder, 'user', 'dev-tls')
})
afterEach(() => rm(folder, { recursive: true }))

describe('developmentTls', () => {
  it('creates a certificate with which clients that trust its authority connect to localhost and 127.0.0.1', async () => {
    const { cert, key, caFile } = await developmentTls(directory)
    const server = createServer({ cert, key }, (socket) => socket.end('hello')).listen(0, '127.0.0.1')
    await once(server, 'listening')
    const { port } = server.address() as AddressInfo
    const ca = await readFile(caFile)
    for (const servername of ['localhost', undefined]) {
      const socket = connect({ host: '127.0.0.1', port, ca, ...(servername && { servername }) })
      expect(String((await once(socket, 'data'))[0])).toBe('hello')
      socket.destroy()
    }
    server.close()
  })

  it('stores the key of the server for its owner only, and no key of the authority', async () => {
    await developmentTls(directory)
    expect((await readdir(directory)).sort()).toEqual(['ca.crt', 'localhost.crt', 'localhost.key'])
    expect((await stat(join(directory, 'localhost.key'))).mode & 0o077).toBe(0)
    expect((await stat(directory)).mode & 0o077).toBe(0)
    expect(await readdir(join(folder, 'user'))).toEqual(['dev-tls'])
  })

  it('returns the same certificate in the next process, and says how to trust it', async () => {
    const first = await developmentTls(directory)
    const second = await developmentTls(directory)
    expect(second).toEqual(first)
    const text = second.instructions.join('\n')
    expect(text).toContain(`NODE_EXTRA_CA_CERTS=${first.caFile}`)
    expect(text).toContain(`--cafile ${first.caFile}`)
    expect(text).toMatch(/until \d{4}-\d\d-\d\d$/m)
  })

  it('replaces a certificate that expires within a day, and one that is damaged', async () => {
    const first = await developmentTls(directory)
    const authority = await createAuthority()
    const content = { commonName: 'localhost', usage: 'server', hosts: ['localhost'] } as const
    const soon = Date.now() + 3_600_000
    const expiring = await authority.issue({ ...content, validity: [soon - 86_400_000, soon] })
    for (const damaged of [expiring.cert, 'no certificate']) {
      await writeFile(join(directory, 'localhost.crt'), damaged)
      const { cert, ca } = await developmentTls(directory)
      expect([first.cert, damaged]).not.toContain(cert)
      expect(new X509Certificate(cert).checkIssued(new X509Certificate(ca))).toBe(true)
    }
  })

  it('returns one certificate to processes that create it at the same time', async () => {
    const both = await Promise.all([developmentTls(directory), developmentTls(directory)])
    for (const { cert, ca } of both)
      expect(new X509Certificate(cert).checkIssued(new X509Certificate(ca))).toBe(true)
    expect(await readdir(join(folder, 'user'))).toEqual(['dev-tls'])
  })

  it('fails if its directory is a file', async () => {
    await writeFile(join(folder, 'file'), '')
    await expect(developmentTls(join(folder, 'file', 'dev-tls'))).rejects.toMatchObject({ code: 'ENOTDIR' })
  })
})
