import 'reflect-metadata'
import { createBroker } from '@antiphon/broker'
import { AntiphonClient, AntiphonServer } from '@antiphon/nestjs'
import { Module } from '@nestjs/common'
import { NestFactory } from '@nestjs/core'
import { firstValueFrom } from 'rxjs'
import { expect, it, onTestFinished } from 'vitest'
import { MathController, Notes } from './math-controller.js'

@Module({ controllers: [MathController], providers: [Notes] })
class MathModule {}

it('calls', async () => {
  const broker = createBroker()
  const app = await NestFactory.createMicroservice(MathModule, { strategy: new AntiphonServer({ link: broker.link() }) })
  await app.listen()
  const client = new AntiphonClient({ link: broker.link() })
  expect(await firstValueFrom(client.send({ cmd: 'sum' }, [1, 2]))).toBe(3)
  await app.close()
  await broker.close()
})
