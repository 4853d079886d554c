import { createServer } from 'node:net'
import { Aedes } from 'aedes'

const aedes = await Aedes.createBroker()
const server = createServer(aedes.handle)
server.on('connection', (socket) => socket.setNoDelay(true))
server.listen(0, '127.0.0.1', () => process.send(server.address().port))
process.on('message', () => {
  globalThis.gc()
  process.send('collected')
})
process.on('disconnect', () => process.exit())
