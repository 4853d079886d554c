import type { Endpoint, ExchangeOptions, Link } from '@antiphon/core'
import type { HealthOptions } from '@antiphon/core/operations'
import {
  Inject,
  Module,
  type DynamicModule,
  type FactoryProvider,
  type ModuleMetadata,
  type OnApplicationShutdown,
  type Provider,
} from '@nestjs/common'
import { AntiphonClient, type AntiphonClientOptions } from './antiphon-client.js'
import { AntiphonHealthIndicator } from './health-indicator.js'
import { openLink, type OpenedLink } from './link-source.js'
import { Requester, requesterToken } from './requester.js'

/** Options of `AntiphonModule`: those of its client, and when its link counts as healthy. */
export interface AntiphonModuleOptions extends AntiphonClientOptions {
  /** When the link counts as healthy. */
  readonly health?: HealthOptions
}

/** How `forRootAsync` gets its options. */
export interface AntiphonModuleAsyncOptions
  extends
    Pick<ModuleMetadata, 'imports'>,
    Pick<FactoryProvider<AntiphonModuleOptions>, 'inject' | 'useFactory'> {}

/** The injection token of the link of `AntiphonModule`. */
export const ANTIPHON_LINK: unique symbol = Symbol('antiphon link')

const OPTIONS = Symbol('antiphon options')
const OPENED = Symbol('antiphon opened link')

/**
 * Provides the link to a broker, `AntiphonClient` and `AntiphonHealthIndicator` to all modules, and closes the link when the
 * application shuts down.
 *
 * @example
 * ```ts
 * Module({ imports: [AntiphonModule.forRoot({ url: 'mqtt://localhost' }), AntiphonModule.forEndpoint(temperature)] })
 * ```
 */
export class AntiphonModule {
  /** Imports the module with its options. */
  static forRoot(options: AntiphonModuleOptions): DynamicModule {
    return rootModule([{ provide: OPTIONS, useValue: options }])
  }

  /** Imports the module with options from a factory, such as one that reads a configuration. */
  static forRootAsync({ imports = [], inject = [], useFactory }: AntiphonModuleAsyncOptions): DynamicModule {
    return { ...rootModule([{ provide: OPTIONS, inject, useFactory }]), imports }
  }

  /** Provides the requester of an endpoint for `InjectRequester`. `options` apply to each of its requests. */
  static forEndpoint(endpoint: Endpoint, options: ExchangeOptions = {}): DynamicModule {
    const provide = requesterToken(endpoint)
    const useFactory = (link: Link): Requester<never> => new Requester(link, endpoint as never, options)
    return {
      module: EndpointModule,
      providers: [{ provide, inject: [ANTIPHON_LINK], useFactory }],
      exports: [provide],
    }
  }
}

/** The module of one requester. */
class EndpointModule {}

/** Closes the link of the module if the module has opened it. */
class LinkOwner implements OnApplicationShutdown {
  readonly #opened: OpenedLink

  constructor(opened: OpenedLink) {
    this.#opened = opened
  }

  async onApplicationShutdown(): Promise<void> {
    if (this.#opened.isOwn) await this.#opened.link.close()
  }
}

function rootModule(options: readonly Provider[]): DynamicModule {
  return {
    module: AntiphonModule,
    global: true,
    providers: [
      ...options,
      { provide: OPENED, inject: [OPTIONS], useFactory: openLink },
      { provide: ANTIPHON_LINK, inject: [OPENED], useFactory: ({ link }: OpenedLink) => link },
      { provide: LinkOwner, inject: [OPENED], useFactory: (opened: OpenedLink) => new LinkOwner(opened) },
      {
        provide: AntiphonClient,
        inject: [ANTIPHON_LINK, OPTIONS],
        useFactory: (link: Link, { url: _, connection: __, health: ___, ...others }: AntiphonModuleOptions) =>
          new AntiphonClient({ ...others, link }),
      },
      {
        provide: AntiphonHealthIndicator,
        inject: [ANTIPHON_LINK, OPTIONS],
        useFactory: (link: Link, { health }: AntiphonModuleOptions) =>
          new AntiphonHealthIndicator(link, health),
      },
    ],
    exports: [ANTIPHON_LINK, AntiphonClient, AntiphonHealthIndicator],
  }
}

/** Injects the link of `AntiphonModule`. */
export function InjectLink(): PropertyDecorator & ParameterDecorator {
  return Inject(ANTIPHON_LINK)
}

Module({})(AntiphonModule)
Module({})(EndpointModule)
