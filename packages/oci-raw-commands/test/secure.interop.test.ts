import { toUtf8 } from '@antiphon/core/codec'
import { connect as connectMqtt } from '@antiphon/mqtt'
import { describeForeign, foreignCommand, startMosquitto } from '@antiphon/workshop'
import { makeCertificates } from '@antiphon/workshop/certificates'
import { execFileSync } from 'node:child_process'
import { mkdtemp, rm } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { filter, firstValueFrom, lastValueFrom, map, ReplaySubject, take, toArray } from 'rxjs'
import { expect, it } from 'vitest'
import { connectDevice, demoLine, runDevice, type DeviceConfig } from '../src/index.js'
import { firstWhere } from './link-states.js'
import { lamp } from './world.js'

describeForeign(
  ['mosquitto', 'mosquitto_passwd'],
  'the same device on Mosquitto, with TLS and a password',
  () => {
    it('sends telemetry, serves commands and shuts down at Mosquitto over TLS', async () => {
      const certificates = await makeCertificates()
      const folder = await mkdtemp(join(tmpdir(), 'antiphon-oci-'))
      const passwords = join(folder, 'passwords')
      const passwd = foreignCommand('mosquitto_passwd') ?? ''
      execFileSync(passwd, ['-b', '-c', passwords, lamp.externalKey, lamp.password])
      execFileSync(passwd, ['-b', passwords, 'invoker', 'invoker'])
      const mosquitto = await startMosquitto({
        config: ['allow_anonymous false', `password_file ${passwords}`],
        tls: {
          caFile: certificates.caFile,
          certFile: certificates.server.certFile,
          keyFile: certificates.server.keyFile,
        },
      })
      const port = mosquitto.tlsPort ?? 0
      const invoker = connectMqtt(mosquitto.url, {
        protocolVersion: 4,
        username: 'invoker',
        password: 'invoker',
      })
      try {
        const config: DeviceConfig = {
          host: 'localhost',
          port,
          clientId: 'lamp',
          identity: lamp,
          ca: certificates.ca,
        }
        const intruder = connectDevice({ ...config, identity: { ...lamp, password: 'wrong' } })
        expect((await firstWhere(intruder, 'closed')).error).toMatchObject({ reasonCode: 5 })

        const responses = new ReplaySubject<string>(3)
        const isListening = firstValueFrom(invoker.subscription$('iot/v1/#'))
        invoker
          .messages$('iot/v1/#')
          .pipe(
            filter(({ topic }) => !topic.startsWith('iot/v1/cmd')),
            map(({ topic }) => topic),
          )
          .subscribe(responses)
        await isListening
        const link = connectDevice(config)
        const isServing = firstValueFrom(link.subscription$('iot/v1/cmd/#'))
        const lines = lastValueFrom(runDevice(link).pipe(map(demoLine), toArray()))
        await isServing
        for (const [topic, payload] of [
          ['iot/v1/cmd/7', '[]'],
          ['iot/v1/cmd', '{"shutdown":true}'],
        ] as const)
          await firstValueFrom(invoker.publish$({ topic, payload: toUtf8(payload) }))
        expect((await lines).filter((line) => line?.startsWith('Sending'))).toEqual([
          'Sending message #1',
          expect.stringMatching(
            /^Sending ack to iot\/v1\/rsp\/7: \{"status": "acknowledged", "time": \d+\}$/,
          ),
          expect.stringMatching(/^Sending ack to iot\/v1\/rsp: /),
        ])
        expect(await lastValueFrom(responses.pipe(take(3), toArray()))).toEqual([
          'iot/v1/mqtt',
          'iot/v1/rsp/7',
          'iot/v1/rsp',
        ])
        await firstWhere(link, 'closed')
      } finally {
        await invoker.close()
        await mosquitto.stop()
        await certificates.remove()
        await rm(folder, { recursive: true })
      }
    })
  },
)
