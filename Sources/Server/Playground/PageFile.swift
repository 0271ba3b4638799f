/// A file of the playground's page, as the program carries it.
///
/// The page asks nothing of any other server, and works under a policy that permits nothing but
/// the files here and the server's own answers: ``contentSecurityPolicy``.
public struct PageFile: Sendable {
    /// The path that it is served at.
    public let path: String
    /// Its media type.
    public let contentType: String
    /// Its bytes.
    public let bytes: [UInt8]

    /// All files; the page itself is at `/`.
    public static let all =
        [
            PageFile(
                path: "/", contentType: "text/html; charset=utf-8",
                bytes: PackageResources.playground_html),
            PageFile(
                path: "/playground.css", contentType: "text/css; charset=utf-8",
                bytes: PackageResources.playground_css),
        ]
        + [
            // What all panels share; the panels; and what begins when they are there.
            ("", PackageResources.playground_js),
            ("-complete", PackageResources.playground_complete_js),
            ("-chat", PackageResources.playground_chat_js),
            ("-tokens", PackageResources.playground_tokens_js),
            ("-attention", PackageResources.playground_attention_js),
            ("-window", PackageResources.playground_window_js),
            ("-runs", PackageResources.playground_runs_js),
            ("-start", PackageResources.playground_start_js),
        ].map { part, bytes in
            PageFile(
                path: "/playground\(part).js", contentType: "text/javascript; charset=utf-8",
                bytes: bytes)
        }

    /// The value of `Content-Security-Policy` for these files.
    public static let contentSecurityPolicy =
        "default-src 'none'; script-src 'self'; style-src 'self'; connect-src 'self'; "
        + "img-src data:; base-uri 'none'; form-action 'none'; frame-ancestors 'none'"
}
