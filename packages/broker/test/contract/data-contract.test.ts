import { dataContract, type ConformanceData } from '@antiphon/conformance'
import { readFileSync } from 'node:fs'
import { createRequire } from 'node:module'
import { describe, it } from 'vitest'
import { embeddedSetting } from './embedded-setting.js'

const file = createRequire(import.meta.url).resolve('@antiphon/conformance/data/exchange.json')
const data = JSON.parse(readFileSync(file, 'utf8')) as ConformanceData

describe.each(['over TCP', 'over a WebSocket without MQTT.js'] as const)(
  'the exchange contract as data, over the embedded broker, %s',
  (linkKind) => {
    for (const { name, run } of dataContract(data, embeddedSetting(linkKind, 5)).cases) it(name, run)
  },
)
