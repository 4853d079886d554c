/**
 * A service of NestJS over MQTT, and another application of NestJS that calls it.
 *
 * To use your own broker: `BROKER_HOST=… npm start 13`.
 */
import 'reflect-metadata'
import { createBroker } from '@antiphon/broker'
import { AntiphonError } from '@antiphon/core'
import { AntiphonClient, AntiphonExceptionFilter, AntiphonModule, AntiphonServer } from '@antiphon/nestjs'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { firstValueFrom, toArray } from 'rxjs'
import { OrdersController, placeOrder, Shop } from './orders.js'

const broker = createBroker()
const { BROKER_HOST: host, BROKER_PORT: port = '1883' } = process.env
const url = host === undefined ? (await broker.listen({ protocol: 'tcp' })).url : `mqtt://${host}:${port}`

@Module({ controllers: [OrdersController] })
class OrdersModule {}

const service = await NestFactory.createMicroservice(OrdersModule, {
  strategy: new AntiphonServer({ url }),
  logger: ['error', 'warn'],
})
service.useGlobalFilters(new AntiphonExceptionFilter())
await service.listen()

@Module({
  imports: [AntiphonModule.forRoot({ url }), AntiphonModule.forEndpoint(placeOrder)],
  providers: [Shop],
})
class ShopModule {}

const application = await NestFactory.createApplicationContext(ShopModule, { logger: ['error', 'warn'] })
const shop = application.get(Shop)
const client = application.get(AntiphonClient)

const id = await shop.buy('lamps', 3)
console.log(`order ${id} is placed`)
for (const step of await firstValueFrom(client.send<string>({ cmd: 'steps' }, id).pipe(toArray())))
  console.log(step)
await shop.buy('lamps', 3).catch((error: unknown) => console.log(AntiphonError.from(error).message))
await firstValueFrom(client.emit(`orders/${id}/rated`, 5), { defaultValue: undefined })

await application.close()
await service.close()
await broker.close()
