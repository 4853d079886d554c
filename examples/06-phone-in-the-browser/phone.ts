/**
 * The phone alone, for your own hub and car:
 * `CS_MOBILE_DEVICE=… CS_CAR_DEVICE=… HUB_URL=wss://… npx tsx 06-phone-in-the-browser/phone.ts`. Ctrl-C stops it.
 */
import { parseConnectionString } from '@antiphon/azure-topic-spaces'
import { buildPackages } from './build-packages.js'
import { servePage } from './serve-page.js'

function required(variable: string, content: string): string {
  const text = process.env[variable]
  if (text === undefined) throw new Error(`${variable} is not set: set it to ${content}`)
  return text
}

const connectionString = required('CS_MOBILE_DEVICE', "the phone's connection string")
const { deviceId } = parseConnectionString(required('CS_CAR_DEVICE', "the car's connection string"))
const url = required('HUB_URL', "the hub's WebSocket URL, such as wss://hub.example:443/mqtt")

await buildPackages()
const page = await servePage({
  settings: {
    url,
    connectionString,
    cars: [{ id: deviceId, name: 'Your car', about: 'connected to your hub' }],
  },
  port: Number(process.env['PORT'] ?? 4_106),
})
console.log(`The phone is at ${page.url}`)
await new Promise((resolve) => process.on('SIGINT', resolve))
await page.close()
