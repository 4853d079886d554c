import { readFileSync } from 'node:fs'
import { firstValueFrom, lastValueFrom, tap, type Observable } from 'rxjs'
import { readApiKey } from '../cloud/api-key.js'
import { signedFetch } from '../cloud/signed-fetch.js'
import { dataApiRecords } from '../invoke/data-api-records.js'
import { invokeCommand } from '../invoke/invoke-command.js'
import { invoke$, type InvokeOptions } from '../invoke/invoke.js'
import { createPlatform } from '../platform/platform.js'
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
  { devices, host, http, port, wss, tls: files }: PlatformCommand,
  { print, stop$ }: Terminal,
): Promise<void> {
  const platform = createPlatform({ instances: devices })
  const tls = files && {
    cert: readFileSync(files.cert),
    key: readFileSync(files.key),
    ...(files.ca === undefined
      ? {}
      : { ca: readFileSync(files.ca), requestCert: true, rejectUnauthorized: false }),
  }
  const listeners = [
    await platform.listen(
      tls === undefined ? { protocol: 'tcp', host, port } : { protocol: 'tls', host, port, tls },
    ),
    ...(wss === undefined || tls === undefined
      ? []
      : [await platform.listen({ protocol: 'wss', host, port: wss, path: '/mqtt', tls })]),
    await platform.listenHttp({ host, port: http }),
  ]
  for (const { url } of listeners) print(`listening on ${url}`)
  for (const { id, externalKey } of devices) print(`${externalKey} is ${id}`)
  platform.telemetry$.subscribe(({ instanceId, message: { topic, payload } }) =>
    print(`${instanceId} ${topic} ${new TextDecoder().decode(payload)}`),
  )
  platform.changes$.subscribe(({ id, delivery_status: status }) => print(`${id} ${status}`))
  await firstValueFrom(stop$)
  await platform.close()
}
