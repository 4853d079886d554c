/** A plain MQTT 5 client that invokes the command: it knows the wire format alone. */
import { userProperty } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { randomBytes } from 'node:crypto'
import { firstValueFrom, ignoreElements, merge, switchMap } from 'rxjs'

const { AIO_BROKER_HOSTNAME: host = 'localhost', AIO_BROKER_TCP_PORT: port = '1883' } = process.env
const link = connect(`mqtt://${host}:${port}`, { clientId: 'plain-peer' })
const responseTopic = 'clients/plain-peer/presses/press-7/press'

const response$ = link.subscription$(responseTopic).pipe(
  switchMap(({ deliveries$ }) =>
    merge(
      deliveries$,
      link
        .publish$({
          topic: 'presses/press-7/press',
          payload: new TextEncoder().encode('{"force":5}'),
          contentType: 'application/json',
          payloadFormatIndicator: true,
          responseTopic,
          correlationData: randomBytes(16),
          messageExpiryInterval: 10,
          userProperties: [
            ['__protVer', '1.0'],
            ['__srcId', 'plain-peer'],
          ],
        })
        .pipe(ignoreElements()),
    ),
  ),
)
const { message, acknowledge } = await firstValueFrom(response$)
acknowledge()
const status = userProperty(message.userProperties, '__stat')
console.log(`Status ${status}: ${new TextDecoder().decode(message.payload)}`)
await link.close()
