#!/usr/bin/env node
import { AntiphonError } from '@antiphon/core'
import { readFileSync } from 'node:fs'
import { lastValueFrom, take, tap, type Observable } from 'rxjs'
import { invoke$, type InvokeProgress } from '../invoke.js'
import { createPlatform } from '../platform/platform.js'
import { help, readArguments, type InvokeRequest, type PlatformRequest } from './arguments.js'

/** Does what a command line asks for. */
async function main(args: readonly string[]): Promise<void> {
  const request = readArguments(args)
  if (request === 'help') say(help)
  else if (request.command === 'platform') await runPlatform(request)
  else await invoke(request)
}

async function invoke({ instanceId, invocation, url, isFollowed, timeout }: InvokeRequest): Promise<void> {
  const progress$ = invoke$(instanceId, invocation, { url, timeout })
  if (!isFollowed) return say((await first(progress$)).record.id)
  const last = await lastValueFrom(progress$.pipe(tap(({ status }) => say(status))))
  say(JSON.stringify(last.record, undefined, 2))
}

function first(progress$: Observable<InvokeProgress>): Promise<InvokeProgress> {
  return lastValueFrom(progress$.pipe(take(1)))
}

async function runPlatform({ devices, http, port, wss, tls: files }: PlatformRequest): Promise<void> {
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
  for (const signal of ['SIGINT', 'SIGTERM'] as const) process.once(signal, () => void platform.close())
}

function say(line: string): void {
  process.stdout.write(`${line}\n`)
}

main(process.argv.slice(2)).catch((error: unknown) => {
  process.stderr.write(`antiphon-oci: ${AntiphonError.from(error).message}\n`)
  process.exitCode = 1
})
