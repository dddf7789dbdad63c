import EmotionFormerFiles
import EmotionFormerModelFormat

/// Writes a page atomically. An older page is replaced; a pipe or a device is written to.
enum PageFile {
    /// Checks that a page can be written, before it is computed.
    static func check(_ path: String) throws { _ = try file(path) }

    static func write(_ html: String, to path: String) throws { try file(path).write(Array(html.utf8)) }

    private static func file(_ path: String) throws -> OutputFile {
        try OutputFile(path, what: "page of emotionformer") { start in
            // By bytes: searching a string would link all of Foundation, which the standalone program cannot.
            start.starts(with: "<!doctype html>".utf8)
                && start.indices.contains { start[$0...].starts(with: generator) }
        }
    }

    private static let generator = Array("<meta name=\"generator\" content=\"emotionformer ".utf8)
}
