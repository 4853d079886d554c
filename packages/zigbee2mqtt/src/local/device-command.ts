import { json, type Message } from '@antiphon/core'
import { decodeWith, isJsonObject } from '@antiphon/core/codec'
import { isRight } from 'fp-ts/lib/Either.js'
import type { DeviceState } from '../frames.js'

/** The texts that are a state by themselves. */
const stateCommands = new Set(['ON', 'OFF', 'TOGGLE', 'OPEN', 'CLOSE', 'STOP', 'LOCK', 'UNLOCK'])

/**
 * Returns the attributes that a message on `<device>/set` or `<device>/set/<attribute>` names, as Zigbee2MQTT reads it: a JSON
 * object, one value for the attribute of the topic, or the plain text of a state.
 */
export function attributesIn({ topic, payload }: Message, commandTopic: string): DeviceState {
  const decoded = decodeWith(json.unchecked<unknown>(), payload)
  const text = new TextDecoder().decode(payload)
  if (topic !== commandTopic) {
    return { [topic.slice(commandTopic.length + 1)]: isRight(decoded) ? decoded.right : text }
  }
  if (isRight(decoded)) return isJsonObject(decoded.right) ? decoded.right : {}
  return stateCommands.has(text.toUpperCase()) ? { state: text } : {}
}

/**
 * Returns the changes that a command makes to a state; `undefined` if it names no attribute of the device, which is then not
 * published. Attributes that the device does not have are left out.
 */
export function changesBy(state: DeviceState, attributes: DeviceState): DeviceState | undefined {
  const known = Object.entries(attributes).filter(([name]) => Object.hasOwn(state, name))
  if (known.length === 0) return undefined
  return Object.fromEntries(
    known.map(([name, value]) => [name, name === 'state' ? switched(state[name], value) : value]),
  )
}

/** Returns the state after a command such as `on` or `TOGGLE`. */
function switched(before: unknown, command: unknown): unknown {
  const state = typeof command === 'string' ? command.toUpperCase() : command
  if (state !== 'TOGGLE') return state
  return before === 'ON' ? 'OFF' : 'ON'
}
