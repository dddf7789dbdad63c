import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerModelFormat
import Foundation
import Testing

#if canImport(Darwin)
    import Darwin
#elseif canImport(Glibc)
    import Glibc
#elseif canImport(Musl)
    import Musl
#endif

/// Files of a model, and clips, that are no regular files, or that claim a size.
@Suite("Files of other kinds")
struct FileKindTests {
    private final class Folder {
        let url = FileManager.default.temporaryDirectory.appendingPathComponent("kinds-\(UUID().uuidString)")
        init() throws { try FileManager.default.createDirectory(at: url, withIntermediateDirectories: true) }
        deinit { try? FileManager.default.removeItem(at: url) }
        subscript(name: String) -> String { url.appendingPathComponent(name).path }
    }

    enum Kind: String, CaseIterable, Sendable { case pipe, device, link, folder, sparse }

    /// Puts something there that is not a file of a few bytes; false where this user may not.
    private static func place(_ kind: Kind, at path: String) throws -> Bool {
        try? FileManager.default.removeItem(atPath: path)
        switch kind {
        case .pipe: return mkfifo(path, 0o600) == 0
        case .device:
            // A node of its own, of the endless zeros.
            return mknod(path, S_IFCHR | 0o600, dev_t(1 << 8 | 5)) == 0
        case .link:
            let target = path + ".device"
            guard try place(.device, at: target) else { return false }
            return symlink(target, path) == 0
        case .folder: return mkdir(path, 0o700) == 0
        case .sparse:
            guard FileManager.default.createFile(atPath: path, contents: Data()) else { return false }
            return truncate(path, 1 << 42) == 0
        }
    }

    private static func error(_ body: () throws -> Void) -> EmotionFormerError? {
        do {
            try body()
            return nil
        } catch {
            return error as? EmotionFormerError
        }
    }

    private static func expect(_ error: EmotionFormerError?, _ kind: Kind, _ name: String) {
        let code: EmotionFormerError.Code = kind == .sparse ? .limitExceeded : .unreadableFile
        let isOther = error?.code == .sizeMismatch && kind == .sparse
        #expect(error?.code == code || isOther, "\(kind) \(name): \(error.map(String.init(describing:)) ?? "no error")")
        #expect(error?.place.contains(name) == true)
    }

    @Test(
        "A package's files are regular files, and asked for their size before they are read", arguments: Kind.allCases)
    func package(kind: Kind) throws {
        for name in ["manifest.json", "weights.bin", "selftest.bin"] {
            let folder = try Folder()
            try SmallModel.package(selfTest: SmallModel.selfTest()).write(to: folder["model"])
            guard try Self.place(kind, at: folder["model/\(name)"]) else { continue }
            let url = folder.url.appendingPathComponent("model")
            Self.expect(Self.error { _ = try EmotionModel.verify(contentsOf: url) }, kind, name)
        }
    }

    @Test("So are a TensorFlow Lite file and its assets", arguments: Kind.allCases)
    func assets(kind: Kind) throws {
        let fixture = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
            .appendingPathComponent("Fixtures/attention/blocks_float32.tflite")
        let folder = try Folder()
        if kind != .folder, try Self.place(kind, at: folder["model.tflite"]) {
            let error = Self.error { _ = try EmotionModel(path: folder["model.tflite"]) }
            Self.expect(error, kind, "model.tflite")
        }
        for (name, option) in [
            ("label_encoder.pkl", \TFLiteConversion.labels), ("labels.txt", \.labels), ("classes.json", \.labels),
            ("global_mean.npy", \.mean),
        ] as [(String, WritableKeyPath<TFLiteConversion, String?>)] {
            guard try Self.place(kind, at: folder[name]) else { continue }
            var conversion = TFLiteConversion()
            conversion[keyPath: option] = folder[name]
            if option == \.mean { conversion.standardDeviation = folder[name] }
            do throws(Fault) {
                _ = try conversion.package(of: fixture.path)
                Issue.record("\(kind) \(name) was read")
            } catch {
                Self.expect(EmotionFormerError(error), kind, name)
            }
        }
    }

    @Test("A clip is a regular file, a pipe or a folder of frames", arguments: Kind.allCases)
    func clips(kind: Kind) throws {
        let folder = try Folder()
        for name in ["clip.npy", "clip.npz", "clip.csv", "clip.jsonl"] {
            guard try Self.place(kind, at: folder[name]) else { continue }
            if kind == .pipe {
                let path = folder["clip.npy"]
                guard name == "clip.npy" else { continue }
                let bytes = Data(ClipFixtures.npy(shape: "(1, 2)", payload: ClipFixtures.bytes(of: [3, 4])))
                let writer = Thread { FileHandle(forWritingAtPath: path)?.write(bytes) }
                writer.start()
                #expect(try LandmarkClip(path: path).values == [3, 4])
            } else {
                let error = Self.error { _ = try ClipFile(path: folder[name]) }
                if kind == .folder {
                    // It would be frames of a clip, and holds none.
                    #expect(error?.code == .emptyClip && error?.place.contains(name) == true)
                } else {
                    Self.expect(error, kind, name)
                }
                if name == "clip.jsonl", kind != .sparse {
                    Self.expect(Self.error { _ = try LandmarkLines(path: folder[name]) }, kind, name)
                }
            }
        }
    }

    @Test("A stream ends at its limit, and a file is not begun beyond it")
    func streamLimit() throws {
        let folder = try Folder()
        #expect(mkfifo(folder["endless"], 0o600) == 0)
        let path = folder["endless"]
        let writer = Thread {
            signal(SIGPIPE, SIG_IGN)
            guard let file = fopen(path, "w") else { return }
            let zeros = [UInt8](repeating: 0, count: 1 << 16)
            while fwrite(zeros, 1, zeros.count, file) == zeros.count {}
            fclose(file)
        }
        writer.start()
        let fault = #expect(throws: Fault.self) { try ByteSource.path(path).bytes(streamLimit: 1 << 20) }
        #expect(fault?.code == .limitExceeded && fault?.problem == "the stream is too long")
        try Data(count: 100).write(to: URL(fileURLWithPath: folder["file"]))
        #expect(try ByteSource.path(folder["file"]).bytes(limit: 100).count == 100)
        let long = #expect(throws: Fault.self) { try ByteSource.path(folder["file"]).bytes(limit: 99) }
        #expect(long?.code == .limitExceeded && long?.found == "100 bytes")
    }

    @Test(
        "A link as the weight file gives what the manifest's checksum allows and nothing else",
        arguments: [true, false])
    func linkedWeights(isHard: Bool) throws {
        let folder = try Folder()
        try SmallModel.package().write(to: folder["model"])
        let weights = folder["model/weights.bin"]
        let elsewhere = folder["secret"]
        try FileManager.default.moveItem(atPath: weights, toPath: elsewhere)
        func link() { #expect((isHard ? hardLink(elsewhere, weights) : symlink(elsewhere, weights)) == 0) }
        link()
        #expect(throws: Never.self) { try EmotionModel(path: folder["model"]) }
        try FileManager.default.removeItem(atPath: weights)
        try Data(repeating: 7, count: 24).write(to: URL(fileURLWithPath: elsewhere))
        link()
        let error = Self.error { _ = try EmotionModel(path: folder["model"]) }
        #expect(error?.code == .checksumMismatch && error?.place.hasSuffix("weights.bin") == true)
    }
}

private func hardLink(_ target: String, _ path: String) -> Int32 { link(target, path) }
