/** The same page in React, Vue and Angular, a broker, and the service that they send requests to. Ctrl-C stops all of them. */
import { frameworks } from './serve-pages.js'
import { startServer } from './server.js'

// Registered first, so that Ctrl-C works while the example starts.
const isStopped = new Promise((resolve) => process.on('SIGINT', resolve))

const server = await startServer(Number(process.env['PORT'] ?? 4_112))
server.log$.subscribe((line) => console.log(line))
for (const name of frameworks) console.log(`${name.padEnd(8)}${server.url}${name}/`)
console.log('Press Ctrl-C to stop.')

await isStopped
await server.close()
console.log('The broker is closed.')
