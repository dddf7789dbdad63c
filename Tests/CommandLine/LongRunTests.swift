import Foundation
import Testing

@Suite("Processes that run for long, and machines that are short of something")
struct LongRunTests {
    private let folder: TemporaryFolder
    private let model: String

    init() throws {
        folder = try TemporaryFolder()
        model = try SmallPackage.write(to: folder)
    }

    private static let project = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().deletingLastPathComponent()

    enum Change: String, CaseIterable { case truncated, overwritten, deleted }

    @Test(
        "A running stream goes on when its model's files are truncated, overwritten or deleted",
        .timeLimit(.minutes(1)), arguments: Change.allCases)
    func streamInUse(change: Change) throws {
        let lines = (0..<40).map { "{\"features\":[\($0),1]}\n" }
        let undisturbed = try Executable.run(["stream", "--model", model, "-"], input: Data(lines.joined().utf8))
        #expect(undisturbed.code == 0)
        let process = Process()
        process.executableURL = Executable.url
        process.arguments = ["stream", "--model", model, "-"]
        let (input, output, errors) = (Pipe(), Pipe(), Pipe())
        (process.standardInput, process.standardOutput, process.standardError) = (input, output, errors)
        try process.run()
        let writer = input.fileHandleForWriting
        try writer.write(contentsOf: Data(lines[..<20].joined().utf8))
        // A first prediction: the model is loaded and in use.
        var found = output.fileHandleForReading.availableData
        #expect(!found.isEmpty)
        switch change {
        case .deleted: try FileManager.default.removeItem(atPath: model)
        case .truncated, .overwritten:
            for name in ["manifest.json", "weights.bin"] {
                let handle = try FileHandle(forWritingTo: URL(fileURLWithPath: "\(model)/\(name)"))
                if change == .truncated {
                    try handle.truncate(atOffset: 0)
                } else {
                    try handle.write(contentsOf: Data(repeating: 0xFF, count: 24))
                }
                try handle.close()
            }
        }
        try writer.write(contentsOf: Data(lines[20...].joined().utf8))
        try writer.close()
        found += output.fileHandleForReading.readDataToEndOfFile()
        process.waitUntilExit()
        #expect(process.terminationReason == .exit)
        #expect(process.terminationStatus == 0)
        #expect(String(decoding: found, as: UTF8.self) == undisturbed.output)
        #expect(errors.fileHandleForReading.readDataToEndOfFile().isEmpty)
        // The negative control: the files are not what they were.
        #expect(try Executable.run(["stream", "--model", model, "-"], input: Data(lines[0].utf8)).isOneLineFailure)
    }

    @Test("A bundled model that is deleted, or whose weights are cut off, is one line of error")
    func bundledModel() throws {
        let products = Executable.url.deletingLastPathComponent()
        let bundle = "EmotionFormer_EmotionFormerBundledModel.resources"
        // The program looks into folders around its own as well: all of them are this test's.
        let place = folder.url.appendingPathComponent("a/b/c")
        try FileManager.default.createDirectory(at: place, withIntermediateDirectories: true)
        let executable = place.appendingPathComponent("emotionformer")
        // A link costs nothing, but does not reach into another file system.
        if (try? FileManager.default.linkItem(at: Executable.url, to: executable)) == nil {
            try FileManager.default.copyItem(at: Executable.url, to: executable)
        }
        try FileManager.default.copyItem(
            at: products.appendingPathComponent(bundle), to: place.appendingPathComponent(bundle))
        let clip = Self.project.appendingPathComponent("Tests/Fixtures/cremad/1001_DFA_HAP.facelandmarker.npy").path
        func run() throws -> Executable.Outcome { try Executable.run(["predict", "--json", clip], by: executable) }
        #expect(try run().code == 0)
        let weights = place.appendingPathComponent("\(bundle)/EmotionFormer-Synthetic/weights.bin")
        try FileHandle(forWritingTo: weights).truncate(atOffset: 1000)
        let truncated = try run()
        #expect(truncated.isOneLineFailure)
        #expect(truncated.errors.contains("the file is truncated"))
        try FileManager.default.removeItem(at: place.appendingPathComponent(bundle))
        let missing = try run()
        #expect(missing.isOneLineFailure)
        #expect(missing.errors.contains("is not beside the executable"))
    }

    #if os(Linux)
        @Test("Where no thread can be made, a prediction that asks for several runs on its caller")
        func withoutThreads() throws {
            let model = try SmallPackage.write(to: folder, name: "tested", selfTest: 0)
            // A thread's stack is as large as this limit, and nobody has so much address space.
            let outcome = try Executable.run(
                ["-c", "ulimit -s 137438953472 && exec \"$0\" verify --threads 4 \"$1\"", Executable.url.path, model],
                by: URL(fileURLWithPath: "/bin/sh"))
            #expect(outcome.code == 0, "\(outcome.errors)")
            #expect(outcome.output.contains("agree"))
        }

        @Test("A process that was forked off predicts with several threads as its parent does", .timeLimit(.minutes(2)))
        func forks() throws {
            let probe = Executable.url.deletingLastPathComponent().appendingPathComponent("EmotionFormerSoakProbe")
            let outcome = try Executable.run(
                [Self.project.path, "--part", "forks", "--scale", "0.05"], by: probe)
            #expect(outcome.code == 0, "\(outcome.output)")
            #expect(outcome.output.contains("0 differ"))
        }
    #endif
}
