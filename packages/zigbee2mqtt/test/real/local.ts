import { ApplicationError } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { localBridge } from '@antiphon/zigbee2mqtt/local'
import { firstValueFrom, of, throwError } from 'rxjs'

const invalid = new ApplicationError({ code: 'invalid', message: 'Invalid payload' })

function missing(device: unknown): ApplicationError {
  return new ApplicationError({ code: 'unknown', message: `Device '${String(device)}' does not exist` })
}

/** Starts a local bridge with the lamp and the requests of Zigbee2MQTT that the tests use. */
export async function startLocal(url: string): Promise<() => Promise<void>> {
  const link = connect(url)
  const served = localBridge(link, {
    devices: { lamp: { state: 'OFF', brightness: 100, linkquality: 100 } },
    requests: {
      permit_join: ({ time, device }) => {
        if (time === undefined) return throwError(() => invalid)
        return device === undefined ? of({ time }) : throwError(() => missing(device))
      },
      'device/rename': ({ from, to }) => throwError(() => (to === undefined ? invalid : missing(from))),
    },
  }).served$.subscribe()
  await firstValueFrom(link.subscription$('zigbee2mqtt/lamp/get/#'))
  return async () => {
    served.unsubscribe()
    await link.close()
  }
}
