import type { AddressInfo, Server, Socket } from 'node:net'

/** Listens on a free loopback port, or on `port`; `close` ends all remaining connections. */
export async function listen(
  server: Server,
  sockets: ReadonlySet<Socket>,
  host = '127.0.0.1',
  port = 0,
): Promise<{ port: number; close: () => Promise<void> }> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject)
    server.listen(port, host, resolve)
  })
  return {
    port: (server.address() as AddressInfo).port,
    close: () =>
      new Promise<void>((resolve) => {
        server.close(() => resolve())
        for (const socket of sockets) socket.destroy()
      }),
  }
}
