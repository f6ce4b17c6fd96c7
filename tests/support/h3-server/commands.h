// The commands that come on stdin. A line has one or several, separated by `;`, which are sent together:
//
//   send C S HEX              bytes on stream S of connection C; frames are the caller's
//   fill C S COUNT            COUNT bytes `x`
//   end C S                   the end of the stream, FIN
//   reset C S CODE            RESET_STREAM; what is not sent yet is not sent
//   stop C S CODE             STOP_SENDING
//   hold C S, release C S     lets the client's upload run into the window of its stream, and opens it again
//   control C HEX             bytes on the server's control stream, such as GOAWAY
//   open C HEX                a further unidirectional stream that begins with these bytes
//   max-streams C COUNT       COUNT further requests are allowed
//   close C KIND CODE [HEX]   CONNECTION_CLOSE behind all that is to be sent; KIND is application or transport
//   drop C                    it answers nothing any more
//   reset-connection C        a stateless reset
//   set NAME VALUE            an option of the command line, for connections that are made from now on
//
// Commands for a stream or a connection that is over do nothing.
#pragma once

#include <string_view>

namespace h3server {

class Server;

// A mistake in the line is reported as an `error`.
void runLine(Server& server, std::string_view line);

}  // namespace h3server
