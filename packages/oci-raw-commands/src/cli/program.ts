import { commandLog, developmentTls, openDurableStorage, type CommandLog } from '@antiphon/broker/command'
import { mkdirSync, readFileSync } from 'node:fs'
import { join } from 'node:path'
import type { TlsOptions } from 'node:tls'
import { firstValueFrom, lastValueFrom, tap, type Observable } from 'rxjs'
import { readApiKey } from '../cloud/api-key.js'
import { signedFetch } from '../cloud/signed-fetch.js'
import { dataApiRecords } from '../invoke/data-api-records.js'
import { invokeCommand } from '../invoke/invoke-command.js'
import { invoke$, type InvokeOptions } from '../invoke/invoke.js'
import { createPlatform, type PlatformOptions } from '../platform/platform.js'
import {
  help,
  readArguments,
  type CloudArguments,
  type InvokeCommand,
  type PlatformCommand,
} from './arguments.js'

/** The terminal of a program. */
export interface Terminal {
  /** Prints a line to standard output. */
  readonly print: (line: string) => void
  /** Emits on Ctrl-C. */
  readonly stop$: Observable<unknown>
}

/** Runs `antiphon-oci`. Resolves when the command is done, `platform` when it was stopped; rejects on an error. */
export async function ociProgram(args: readonly string[], terminal: Terminal): Promise<void> {
  const request = readArguments(args)
  if (request === 'help') terminal.print(help)
  else if (request.command === 'platform') await runPlatform(request, terminal)
  else await invoke(request, terminal)
}

async function invoke(
  { instanceId, invocation, isFollowed, cloud, ...options }: InvokeCommand,
  { print }: Terminal,
): Promise<void> {
  const platform = cloud === undefined ? options : { ...options, ...toCloudOptions(cloud) }
  if (!isFollowed) return print((await invokeCommand(instanceId, invocation, platform)).requestId)
  const progress$ = invoke$(instanceId, invocation, platform)
  const last = await lastValueFrom(progress$.pipe(tap(({ status }) => print(status))))
  print(JSON.stringify(last.record, undefined, 2))
}

/** Returns the options of `invoke$` that differ in the cloud: signed requests, and records from the data API. */
function toCloudOptions({ config, dataApi }: CloudArguments): Pick<InvokeOptions, 'fetch' | 'records'> {
  const fetch = signedFetch(readApiKey(config))
  if (dataApi === undefined) return { fetch }
  return { fetch, records: dataApiRecords({ url: dataApi.url, token: () => dataApi.token }) }
}

async function runPlatform(
  { devices, host, http, port, wss, ...command }: PlatformCommand,
  { print, stop$ }: Terminal,
): Promise<void> {
  const log = commandLog({ print, json: command.isJson, ...(command.isVerbose && { verbose: true }) })
  const tls = await toTls(command, log)
  const platform = createPlatform({ instances: devices, ...(await toStorage(command)) })
  platform.broker.events$.subscribe(log.event)
  platform.storageFailures$.subscribe(({ rawMessage }) => log.notice(`cannot store a command: ${rawMessage}`))
  const listeners = [
    await platform.listen(
      tls === undefined ? { protocol: 'tcp', host, port } : { protocol: 'tls', host, port, tls },
    ),
    ...(wss === undefined || tls === undefined
      ? []
      : [await platform.listen({ protocol: 'wss', host, port: wss, path: '/mqtt', tls })]),
    await platform.listenHttp({ host, port: http }),
  ]
  for (const { url } of listeners) log.notice(`listening on ${url}`)
  for (const { id, externalKey } of devices) log.notice(`${externalKey} is ${id}`)
  platform.telemetry$.subscribe(({ instanceId, message }) => {
    const text = `${instanceId} ${message.topic} ${new TextDecoder().decode(message.payload)}`
    log.report({ type: 'telemetry', instanceId, message }, text)
  })
  platform.changes$.subscribe((record) =>
    log.report({ type: 'command', record }, `${record.id} ${record.delivery_status}`),
  )
  await firstValueFrom(stop$)
  await platform.close()
}

async function toTls(
  { tls, ca }: Pick<PlatformCommand, 'tls' | 'ca'>,
  log: CommandLog,
): Promise<TlsOptions | undefined> {
  if (tls === undefined) return undefined
  const authorities =
    ca === undefined ? {} : { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: false }
  if (tls !== 'development')
    return { cert: readFileSync(tls.cert), key: readFileSync(tls.key), ...authorities }
  const { cert, key, instructions } = await developmentTls()
  instructions.forEach(log.notice)
  return { cert, key, ...authorities }
}

/** Opens the stores of sessions and of commands, in two directories. */
async function toStorage({ data }: Pick<PlatformCommand, 'data'>): Promise<Pick<PlatformOptions, 'storage'>> {
  if (data === undefined) return {}
  mkdirSync(data, { recursive: true })
  return {
    storage: {
      sessions: await openDurableStorage(join(data, 'sessions')),
      commands: await openDurableStorage(join(data, 'commands')),
    },
  }
}
