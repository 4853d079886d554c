import { invalidArgument } from '@antiphon/core/link'
import { isRight } from 'fp-ts/lib/Either.js'
import * as t from 'io-ts'
import { join } from 'node:path'
import type { TopicSpaceDefinition } from '../topic-space.js'
import type { Device } from '../hub/device-registry.js'
import type { Policy } from '../hub/policy-registry.js'
import { readState, updateState, type StateFile } from './state-file.js'

/** The contents of a hub's file. */
export interface HubState {
  readonly hostName: string
  readonly devices: readonly Device[]
  readonly topicSpaces: readonly TopicSpaceDefinition[]
  readonly policies: readonly Policy[]
  /** The certificates of the authorities that signed certificates of devices, PEM. */
  readonly authorities: readonly string[]
}

/** Returns the path of a hub's file. */
export function hubFile(name: string, directory = '.'): string {
  if (!/^[\w-]+$/.test(name))
    throw invalidArgument(
      `--hub-name is ${JSON.stringify(name)}: it must consist of letters, digits, dashes and underscores`,
    )
  return join(directory, `${name}.hub.json`)
}

const hubState = t.type({
  hostName: t.string,
  devices: t.readonlyArray(
    t.type({ deviceId: t.string, keys: t.readonlyArray(t.string), isEnabled: t.boolean }),
  ),
  topicSpaces: t.readonlyArray(
    t.type({
      name: t.string,
      type: t.keyof({ PublishOnly: null, LowFanout: null, HighFanout: null }),
      templates: t.readonlyArray(t.string),
    }),
  ),
})

/** What files of earlier versions do not contain. */
const laterState = t.partial({
  policies: t.readonlyArray(t.type({ name: t.string, key: t.string })),
  authorities: t.readonlyArray(t.string),
})

const anyState = t.intersection([hubState, laterState])

const format: StateFile<HubState> = {
  kind: 'hub',
  program: 'antiphon-hub',
  parse: (json) => {
    const state = anyState.decode(json)
    return isRight(state) ? { policies: [], authorities: [], ...state.right } : undefined
  },
}

/** Reads a hub's file; throws `invalid-argument` if it is missing, or is not the file of a hub. */
export function readHub(file: string): Promise<HubState> {
  return readState(file, format)
}

/** Changes a hub's file; see `updateState`. */
export function updateHub(file: string, change: (state: HubState) => HubState | undefined): Promise<void> {
  return updateState(file, format, change)
}
