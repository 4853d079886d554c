import { createBroker, Reason, type Broker, type BrokerOptions } from '@antiphon/broker'
import type { Message } from '@antiphon/core'
import { isMatch } from '@antiphon/core/topic'
import { map, type Observable } from 'rxjs'

/** The beginning of the topics of a device, on its own connection. */
const ME = 'v1/devices/me/'

/**
 * Creates a broker on which each device sees only its own messages. What a device publishes on `v1/devices/me/…`, the platform
 * receives on `v1/devices/<token>/…`; what the platform publishes there, the device receives on its own topic.
 */
export function platformBroker(
  isDevice: (token: string) => boolean,
  options: Pick<BrokerOptions, 'scheduler'>,
): Broker {
  const toDevice = ({ topic, payload }: Message): number | Observable<number> => {
    const [, , token = '', ...rest] = topic.split('/')
    const ownTopic = ME + rest.join('/')
    const session = broker
      .sessions()
      .find(
        ({ client, subscriptions }) =>
          client?.principal === token && subscriptions.some(({ filter }) => isMatch(filter, ownTopic)),
      )
    if (session === undefined) return Reason.noMatchingSubscribers
    return broker.deliver$(session.clientId, { topic: ownTopic, payload, qos: 1 }).pipe(map(() => 0))
  }
  const broker = createBroker({
    ...options,
    authority: {
      // The link of the platform is the only client in this process that has no user name.
      authenticate: ({ userName, remoteAddress }) => {
        const isAdmitted = userName === undefined ? remoteAddress === 'in-process' : isDevice(userName)
        return isAdmitted
          ? { admit: true, principal: userName }
          : { admit: false, reasonCode: Reason.notAuthorized }
      },
      authorizeSubscribe: ({ client, filter }) =>
        client.principal === undefined || filter.startsWith(ME) ? 'allow' : { refuse: Reason.notAuthorized },
      authorizePublish: ({ client, message }) => {
        if (client.principal === undefined) return { take: toDevice(message) }
        return message.topic.startsWith(ME) ? 'allow' : { refuse: Reason.notAuthorized }
      },
      onPublish: ({ client, message }) => ({
        ...message,
        topic: `v1/devices/${String(client.principal)}/${message.topic.slice(ME.length)}`,
      }),
    },
  })
  return broker
}
