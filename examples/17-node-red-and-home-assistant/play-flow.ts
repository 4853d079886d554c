/** Plays `flow.json` as Node-RED does: its MQTT and function nodes, as a plain MQTT 5 client. */
import type { Link, Message } from '@antiphon/core'
import { connect } from '@antiphon/mqtt'
import { readFileSync } from 'node:fs'
import { firstValueFrom } from 'rxjs'

/** A node of a flow, with the properties that are used here. */
export interface FlowNode {
  readonly id: string
  readonly type: string
  readonly name?: string
  readonly wires?: readonly (readonly string[])[]
  readonly topic?: string
  readonly func?: string
  readonly payload?: string
  readonly payloadType?: string
  readonly clientid?: string
}

/** A message between nodes. */
interface FlowMessage {
  readonly _msgid?: string
  readonly topic?: string
  readonly payload?: unknown
  readonly responseTopic?: string | undefined
  readonly correlationData?: Uint8Array | undefined
  readonly contentType?: string | undefined
  readonly messageExpiryInterval?: number
  readonly userProperties?: Readonly<Record<string, string>>
}

/** A running flow. */
export interface Flow {
  /** Presses the button of the inject node with this name. */
  readonly inject: (name: string) => void
  readonly close: () => Promise<void>
}

/** The nodes of `flow.json`. */
export const nodes = JSON.parse(
  readFileSync(new URL('flow.json', import.meta.url), 'utf8'),
) as readonly FlowNode[]

const nodesOf = (type: string): readonly FlowNode[] => nodes.filter((node) => node.type === type)

/** Connects to a broker and subscribes as the nodes do. Calls `onDebug` for each message of a debug node. */
export async function playFlow(url: string, onDebug: (payload: unknown) => void): Promise<Flow> {
  const link = connect(url, { clientId: nodesOf('mqtt-broker')[0]?.clientid ?? '' })
  const run = (node: FlowNode, message: FlowMessage): void => {
    if (node.type === 'mqtt out') publish(link, node, message)
    else if (node.type === 'debug') onDebug(message.payload)
    else if (node.type === 'function') {
      const result = functionOf(node)(message, Buffer)
      if (result !== null) send(node, result)
    }
  }
  const send = ({ wires = [] }: FlowNode, message: FlowMessage): void => {
    for (const id of wires.flat()) {
      const next = nodes.find((node) => node.id === id)
      if (next !== undefined) run(next, { ...message })
    }
  }
  for (const node of nodesOf('mqtt in')) {
    const { topic = '' } = node
    link.messages$(topic).subscribe((message) => send(node, toFlowMessage(message)))
    await firstValueFrom(link.subscription$(topic))
  }
  let latestId = 0
  return {
    inject: (name) => {
      const node = nodesOf('inject').find((each) => each.name === name)
      if (node === undefined) throw new Error(`the flow has no inject node ${name}`)
      const payload = node.payloadType === 'bool' ? node.payload === 'true' : node.payload
      send(node, { _msgid: `message-${++latestId}`, payload })
    },
    close: link.close,
  }
}

/** Returns the function of a function node. */
function functionOf({
  func = '',
}: FlowNode): (message: FlowMessage, buffer: typeof Buffer) => FlowMessage | null {
  // The function is a part of this example.
  // eslint-disable-next-line @typescript-eslint/no-implied-eval
  return new Function('msg', 'Buffer', func) as ReturnType<typeof functionOf>
}

/** Returns the message that an `mqtt in` node passes on. */
function toFlowMessage(message: Message): FlowMessage {
  const { topic, payload, responseTopic, correlationData, contentType, userProperties = [] } = message
  return {
    topic,
    payload: new TextDecoder().decode(payload),
    responseTopic,
    correlationData,
    contentType,
    userProperties: Object.fromEntries(userProperties),
  }
}

/** Publishes a message as an `mqtt out` node does, whose topic takes precedence over that of the message. */
function publish(link: Link, { topic: ownTopic = '' }: FlowNode, message: FlowMessage): void {
  const { topic = '', payload, responseTopic, correlationData, contentType, messageExpiryInterval } = message
  const text = typeof payload === 'string' ? payload : JSON.stringify(payload)
  link
    .publish$({
      topic: ownTopic === '' ? topic : ownTopic,
      payload: new TextEncoder().encode(text),
      ...(responseTopic === undefined ? {} : { responseTopic }),
      ...(correlationData === undefined ? {} : { correlationData }),
      ...(contentType === undefined ? {} : { contentType }),
      ...(messageExpiryInterval === undefined ? {} : { messageExpiryInterval }),
    })
    .subscribe()
}
