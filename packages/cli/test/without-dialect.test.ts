import type { Link } from '@antiphon/core'
import { requestTemperature$, serveTemperatures } from '@antiphon/mqtt5-temperature'
import { createPlatform } from '@antiphon/oci-raw-commands/platform'
import { invoke$ } from '@antiphon/oci-raw-commands'
import { firstValueFrom, lastValueFrom, of } from 'rxjs'
import { describe, expect, it, onTestFinished } from 'vitest'
import { startBroker } from './broker-url.js'
import { antiphon, startAntiphon, type Running } from './run-antiphon.js'

async function start(): Promise<{ readonly link: Link; readonly url: string }> {
  const { broker, url } = await startBroker()
  onTestFinished(() => broker.close())
  return { link: broker.link(), url }
}

async function serve(...args: readonly string[]): Promise<Running> {
  const running = startAntiphon(['serve', ...args])
  await running.printed('serving')
  onTestFinished(async () => {
    running.interrupt()
    await running.ended
  })
  return running
}

/** What the guide says of platforms that need no dialect. */
describe('a platform without a dialect', () => {
  it('is the temperature service of MQTT 5: requests and responds with the default', async () => {
    const { link, url } = await start()
    const served = serveTemperatures(link).subscribe()
    await firstValueFrom(link.subscription$('service/temperature/query'))
    const args = ['service/temperature/query', 'query:Vienna', '--url', url]
    expect(await antiphon(['request', ...args])).toMatchObject({ stdout: 'Temperature in Vienna: 22.5°C\n' })
    served.unsubscribe()
    const other = await start()
    const response = 'Temperature in Vienna: 7.0°C'
    await serve('service/temperature/query', '--respond', response, '--url', other.url)
    const reading = lastValueFrom(of('Vienna').pipe(requestTemperature$(other.link)))
    await expect(reading).resolves.toEqual({ city: 'Vienna', celsius: 7 })
  })

  it('is OCI: responds to raw commands with --correlation topic', async () => {
    const instances = [{ id: 'ocid1.lamp', externalKey: 'lamp-key', password: 'secret' }]
    const platform = createPlatform({ instances })
    onTestFinished(() => platform.close())
    const { url } = await platform.listenHttp()
    const device = await platform.listen({ protocol: 'tcp', port: 0, host: '127.0.0.1' })
    const args = ['iot/v1/cmd/{key}', '--correlation', 'topic', '--response-topic', 'iot/v1/rsp/{key}']
    const session = ['--username', 'lamp-key', '--client-id', 'lamp', '--no-clean', '--mqtt-version', '4']
    const running = startAntiphon(
      ['serve', ...args, '--echo', ...session, '--url', `mqtt://127.0.0.1:${device.port}`],
      { env: { ANTIPHON_PASSWORD: 'secret' } },
    )
    await running.printed('serving')
    const invocation = {
      requestDataFormat: 'TEXT',
      requestEndpoint: 'iot/v1/cmd/7',
      responseEndpoint: 'iot/v1/rsp/7',
      requestData: 'hello',
    } as const
    const record = await lastValueFrom(invoke$('ocid1.lamp', invocation, { url }))
    expect(record).toMatchObject({ status: 'COMPLETED', record: { response_data: 'hello' } })
    running.interrupt()
    await running.ended
  })
})
