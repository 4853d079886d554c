#!/usr/bin/env node
import { createHash, timingSafeEqual } from 'node:crypto'
import { readFileSync } from 'node:fs'
import { AntiphonError } from '@antiphon/core'
import { Reason } from '@antiphon/packet'
import type { Authority } from './authority/authority.js'
import { createBroker } from './broker.js'
import type { Broker } from './broker.js'
import { help, readArguments } from './cli/arguments.js'
import type { CliArguments, ListenerArguments } from './cli/arguments.js'
import { openDurableStorage } from './command/open-durable-storage.js'
import { developmentTls, type DevelopmentTls } from './command/development-tls.js'
import { toLogLine } from './log/json-line.js'
import type { ListenOptions } from './listen/listen.js'

/** Starts the broker that the command line describes, and stops it on SIGINT or SIGTERM. */
async function main(args: readonly string[]): Promise<void> {
  const request = readArguments(args)
  if (request === 'help') return printLine(help)
  if (request === 'version') return printLine(version())
  const { users, data, limits, policies, isVerbose, usesDevelopmentTls } = request
  const broker = createBroker({
    limits,
    ...policies,
    ...(users.size === 0 ? {} : { authority: passwordAuthority(users) }),
    ...(data === undefined ? {} : { storage: await openDurableStorage(data) }),
  })
  if (isVerbose) broker.events$.subscribe((event) => printLine(toLogLine(event, new Date())))
  const tls = usesDevelopmentTls ? await developmentTls() : undefined
  tls?.instructions.forEach(printLine)
  // Before the listeners report that they are ready: a signal may follow at once.
  stopOnSignal(broker)
  for (const listener of request.listen) {
    const { url } = await broker.listen(toListenOptions(listener, tls))
    printLine(`listening on ${url}`)
  }
}

function toListenOptions(
  { files, ...address }: ListenerArguments,
  development: DevelopmentTls | undefined,
): ListenOptions {
  if (files === undefined) {
    const isSecure = address.protocol === 'tls' || address.protocol === 'wss'
    if (!isSecure || development === undefined) return address as ListenOptions
    return { ...address, tls: { cert: development.cert, key: development.key } }
  }
  const { cert, key, ca, crl } = files
  const authorities =
    ca === undefined ? {} : { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true }
  const revocations = crl.length === 0 ? {} : { crl: crl.map((file) => readFileSync(file)) }
  return {
    ...address,
    tls: { cert: readFileSync(cert), key: readFileSync(key), ...authorities, ...revocations },
  }
}

/** Returns an authority that admits the given users with their passwords only. */
function passwordAuthority(users: CliArguments['users']): Authority {
  return {
    authenticate: ({ userName = '', password = new Uint8Array() }) => {
      const expected = users.get(userName)
      const isValid = expected !== undefined && timingSafeEqual(digest(expected), digest(password))
      return isValid ? { admit: true } : { admit: false, reasonCode: Reason.notAuthorized }
    },
  }
}

function digest(secret: string | Uint8Array): Buffer {
  return createHash('sha256').update(secret).digest()
}

function stopOnSignal(broker: Broker): void {
  let isStopping = false
  const stop = (): void => {
    if (isStopping) process.exit(1)
    isStopping = true
    printLine('draining')
    void broker.close().then(() => printLine('closed'))
  }
  process.on('SIGINT', stop)
  process.on('SIGTERM', stop)
}

function version(): string {
  const manifest = readFileSync(new URL('../package.json', import.meta.url), 'utf8')
  return (JSON.parse(manifest) as { readonly version: string }).version
}

function printLine(line: string): void {
  process.stdout.write(`${line}\n`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`antiphon-broker: ${AntiphonError.from(error).rawMessage}\n`)
  process.exitCode = 1
})
