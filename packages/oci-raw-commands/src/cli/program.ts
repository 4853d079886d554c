import { readFileSync } from 'node:fs'
import { firstValueFrom, lastValueFrom, tap, type Observable } from 'rxjs'
import { invoke$ } from '../invoke.js'
import { createPlatform } from '../platform/platform.js'
import { help, readArguments, type InvokeRequest, type PlatformRequest } from './arguments.js'

/** The terminal that a program runs in. */
export interface Terminal {
  readonly say: (line: string) => void
  /** Ctrl-C. */
  readonly stop$: Observable<unknown>
}

/** `antiphon-oci`: resolves when it is done, and `platform` when it was stopped; rejects with what is wrong. */
export async function ociProgram(args: readonly string[], terminal: Terminal): Promise<void> {
  const request = readArguments(args)
  if (request === 'help') terminal.say(help)
  else if (request.command === 'platform') await runPlatform(request, terminal)
  else await invoke(request, terminal)
}

async function invoke(
  { instanceId, invocation, url, isFollowed, timeout }: InvokeRequest,
  { say }: Terminal,
): Promise<void> {
  const progress$ = invoke$(instanceId, invocation, { url, timeout })
  if (!isFollowed) return say((await firstValueFrom(progress$)).record.id)
  const last = await lastValueFrom(progress$.pipe(tap(({ status }) => say(status))))
  say(JSON.stringify(last.record, undefined, 2))
}

async function runPlatform(
  { devices, http, port, wss, tls: files }: PlatformRequest,
  { say, stop$ }: Terminal,
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
    await platform.listen(tls === undefined ? { protocol: 'tcp', port } : { protocol: 'tls', port, tls }),
    ...(wss === undefined || tls === undefined
      ? []
      : [await platform.listen({ protocol: 'wss', port: wss, path: '/mqtt', tls })]),
    await platform.listenHttp(http),
  ]
  for (const { url } of listeners) say(`listening on ${url}`)
  for (const { id, externalKey } of devices) say(`${externalKey} is ${id}`)
  platform.telemetry$.subscribe(({ instanceId, message: { topic, payload } }) =>
    say(`${instanceId} ${topic} ${new TextDecoder().decode(payload)}`),
  )
  platform.changes$.subscribe(({ id, delivery_status: status }) => say(`${id} ${status}`))
  await firstValueFrom(stop$)
  await platform.close()
}
