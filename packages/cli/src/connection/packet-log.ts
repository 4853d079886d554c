import { AntiphonError, userProperty } from '@antiphon/core'
import type { Message, OutgoingMessage } from '@antiphon/core'
import type { Transport, TransportEvent } from '@antiphon/core/link'
import { map, tap } from 'rxjs'

type Print = (line: string) => void

/** Returns a transport that prints its packets: those it sends begin with `>`, those it receives with `<`. */
export function logPackets(transport: Transport, print: Print): Transport {
  return {
    connect$: (attempt) => {
      print(`> CONNECT, attempt ${attempt}`)
      return transport.connect$(attempt).pipe(
        tap({ error: (error: unknown) => print(`< ${AntiphonError.from(error).message}`) }),
        map((event) => logged(event, print)),
      )
    },
    subscribe$: (requests, identifier) => {
      print(`> SUBSCRIBE ${requests.map(({ filter, qos }) => `${filter} QoS ${qos}`).join(', ')}`)
      return transport
        .subscribe$(requests, identifier)
        .pipe(tap((codes) => print(`< SUBACK ${codes.map(hex).join(' ')}`)))
    },
    unsubscribe$: (filters) => {
      print(`> UNSUBSCRIBE ${filters.join(', ')}`)
      return transport
        .unsubscribe$(filters)
        .pipe(tap((codes) => print(`< UNSUBACK ${codes.map(hex).join(' ')}`)))
    },
    publish$: (message) => {
      print(`> ${describe(message)}`)
      return transport.publish$(message).pipe(
        tap(({ reasonCode }) => {
          if (message.qos === 0 || reasonCode === undefined) return
          print(`< ${message.qos === 2 ? 'PUBCOMP' : 'PUBACK'} ${hex(reasonCode)} ${message.topic}`)
        }),
      )
    },
    disconnect$: (options) => {
      print('> DISCONNECT')
      return transport.disconnect$(options)
    },
  }
}

function logged(event: TransportEvent, print: Print): TransportEvent {
  switch (event.type) {
    case 'online': {
      const { clientId, sessionPresent, protocolVersion } = event.info
      const session = sessionPresent ? 'session present' : 'new session'
      print(`< CONNACK ${clientId}, ${session}, MQTT ${protocolVersion === 5 ? '5' : '3.1.1'}`)
      return event
    }
    case 'malformed':
      print(`< malformed: ${event.error.rawMessage}`)
      return event
    case 'closing':
      print(`< DISCONNECT ${hex(event.reasonCode ?? 0)}`)
      return event
    case 'message': {
      const { message, acknowledge } = event
      print(`< ${describe(message)}`)
      return message.qos === 0
        ? event
        : {
            ...event,
            acknowledge: () => {
              print(`> ${message.qos === 2 ? 'PUBREC' : 'PUBACK'} ${message.topic}`)
              acknowledge()
            },
          }
    }
  }
}

/** Describes a PUBLISH in one line: the topic, and what the message has of the properties. */
function describe(message: Message | OutgoingMessage): string {
  const { topic, payload, qos = 1, retain = false, userProperties } = message
  const { responseTopic, contentType, correlationData } = message
  const status = userProperty(userProperties, '__stat')
  const parts = [
    `PUBLISH ${topic} QoS ${qos}`,
    retain ? 'retained' : '',
    'dup' in message && message.dup ? 'DUP' : '',
    `${payload.length} bytes`,
    contentType === undefined ? '' : contentType,
    status === undefined ? '' : `status ${status}`,
    responseTopic === undefined ? '' : `response topic ${responseTopic}`,
    correlationData === undefined ? '' : `correlation ${printable(correlationData)}`,
  ]
  return parts.filter((part) => part !== '').join(', ')
}

function printable(bytes: Uint8Array): string {
  const text = new TextDecoder().decode(bytes)
  return /^[\x20-\x7e]*$/.test(text) ? text : Buffer.from(bytes).toString('hex')
}

function hex(code: number): string {
  return `0x${code.toString(16).padStart(2, '0')}`
}
