/**
 * Node's own server: echoes POSTs and WebSocket messages, and never answers `/silent`. Prints its port, and ends with
 * its stdin.
 */
import { createServer } from 'node:http'
import type { AddressInfo } from 'node:net'
import { WebSocketServer } from 'ws'

const server = createServer((request, response) => {
  if (request.url === '/silent') return
  // The whole body is sent in one write, because CPU that the server uses is not available to the client.
  const chunks: Buffer[] = []
  request.on('data', (chunk: Buffer) => chunks.push(chunk))
  request.on('end', () => {
    const [first] = chunks
    response.end(chunks.length === 1 ? first : Buffer.concat(chunks))
  })
})
new WebSocketServer({ server }).on('connection', (socket) => {
  socket.on('message', (data, isBinary) => socket.send(data, { binary: isBinary }))
})
server.requestTimeout = 0
server.keepAliveTimeout = 600_000
server.listen(0, '127.0.0.1', () => {
  console.log((server.address() as AddressInfo).port)
})
process.stdin.on('end', () => process.exit(0)).resume()
