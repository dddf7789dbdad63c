import Foundation
import Testing

/// The built executable, run as a process.
enum Executable {
    struct Outcome {
        let code: Int32
        let output: String
        let errors: String

        /// The lines of standard output.
        var lines: [String] { output.split(separator: "\n").map(String.init) }
        /// Whether the failure was told in exactly one line.
        var isOneLineFailure: Bool {
            code != 0 && errors.hasPrefix("emotionformer: ") && errors.hasSuffix("\n")
                && errors.filter(\.isNewline).count == 1
        }
    }

    /// Products lie beside the test bundle.
    static var url: URL {
        let bundle = CommandLine.arguments.first { $0.contains(".xctest") } ?? CommandLine.arguments[0]
        var folder = URL(fileURLWithPath: bundle)
        while folder.path.contains(".xctest") { folder.deleteLastPathComponent() }
        return folder.appendingPathComponent("emotionformer")
    }

    static func run(
        _ arguments: [String], input: Data = Data(), in folder: URL? = nil, environment: [String: String] = [:],
        by program: URL = url
    ) throws -> Outcome {
        let process = Process()
        process.environment = ProcessInfo.processInfo.environment.merging(environment) { $1 }
        process.executableURL = program
        process.arguments = arguments
        process.currentDirectoryURL = folder
        // Through files, because a full pipe would make both sides wait.
        let scratch = try TemporaryFolder()
        let files = ["in", "out", "err"].map { scratch.url.appendingPathComponent($0) }
        try input.write(to: files[0])
        try Data().write(to: files[1])
        try Data().write(to: files[2])
        process.standardInput = try FileHandle(forReadingFrom: files[0])
        process.standardOutput = try FileHandle(forWritingTo: files[1])
        process.standardError = try FileHandle(forWritingTo: files[2])
        try process.run()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit, "the process crashed")
        return Outcome(
            code: process.terminationStatus, output: String(decoding: try Data(contentsOf: files[1]), as: UTF8.self),
            errors: String(decoding: try Data(contentsOf: files[2]), as: UTF8.self))
    }

    static func run(_ arguments: String..., input: String = "") throws -> Outcome {
        try run(arguments, input: Data(input.utf8))
    }
}

/// A folder that goes when its last user does.
final class TemporaryFolder {
    let url: URL

    init() throws {
        url = FileManager.default.temporaryDirectory.appendingPathComponent("emotionformer-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true)
    }

    deinit { try? FileManager.default.removeItem(at: url) }

    func write(_ text: String, to name: String) throws -> String {
        let file = url.appendingPathComponent(name)
        try Data(text.utf8).write(to: file)
        return file.path
    }
}
