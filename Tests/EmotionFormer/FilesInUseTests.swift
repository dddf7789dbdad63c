import EmotionFormer
import EmotionFormerCore
import EmotionFormerFiles
import EmotionFormerGraph
import EmotionFormerModelFormat
import Foundation
import Synchronization
import Testing

@Suite("Model files that change while a process uses them")
struct FilesInUseTests {
    enum Form: String, CaseIterable { case package, tflite }
    enum Change: String, CaseIterable { case truncated, overwritten, exchanged, deleted }

    private static let fixtures = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .deletingLastPathComponent().appendingPathComponent("Fixtures/attention")

    /// A copy of a fixture that a test may spoil.
    private final class Copy {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("in-use-\(UUID().uuidString)")
        let form: Form
        let url: URL

        init(_ form: Form, of name: String = "blocks") throws {
            self.form = form
            url = folder.appendingPathComponent(form == .package ? "model" : "model.tflite")
            try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
            try FileManager.default.copyItem(at: Copy.fixture(form, name), to: url)
        }

        deinit { try? FileManager.default.removeItem(at: folder) }

        static func fixture(_ form: Form, _ name: String) -> URL {
            FilesInUseTests.fixtures.appendingPathComponent(
                form == .package ? "\(name).package" : "\(name)_float32.tflite")
        }

        /// The file that holds the weights.
        var data: URL { form == .package ? url.appendingPathComponent("weights.bin") : url }

        func apply(_ change: Change) throws {
            switch change {
            case .truncated: try FileHandle(forWritingTo: data).truncate(atOffset: 0)
            case .overwritten:
                let count = try Data(contentsOf: data).count
                try FilesInUseTests.writeInPlace(Data(count: count), to: data)
            case .exchanged:
                try FileManager.default.removeItem(at: url)
                try FileManager.default.copyItem(at: Copy.fixture(form, "masked"), to: url)
            case .deleted: try FileManager.default.removeItem(at: url)
            }
        }
    }

    /// Into the file that stands there, as a careless copy does.
    private static func writeInPlace(_ data: Data, to url: URL) throws {
        let handle = try FileHandle(forWritingTo: url)
        try handle.write(contentsOf: data)
        try handle.close()
    }

    private static func writeInPlace(_ data: Data, to url: URL, keepingTimes: Bool) throws {
        var status = stat()
        #expect(stat(url.path, &status) == 0)
        try writeInPlace(data, to: url)
        guard keepingTimes else { return }
        #if canImport(Darwin)
            let times = [status.st_atimespec, status.st_mtimespec]
        #else
            let times = [status.st_atim, status.st_mtim]
        #endif
        #expect(utimensat(AT_FDCWD, url.path, times, 0) == 0)
    }

    private static func clip(_ frames: Int = 9, features: Int = 5) throws -> LandmarkClip {
        try LandmarkClip(
            features: (0..<frames * features).map { Float($0 * 7 % 11) / 5 - 1 }, frameCount: frames,
            featureCount: features)
    }

    @Test(
        "Predictions of several threads go on, each the same, while the files are changed under them",
        .timeLimit(.minutes(1)), arguments: Form.allCases, Change.allCases)
    func predictions(form: Form, change: Change) throws {
        let copy = try Copy(form)
        let model = try EmotionModel(contentsOf: copy.url, options: .init(threads: 2))
        let clips = try (1...9).map { try Self.clip($0) }
        let expected = try clips.map { try model.predict($0) }
        let workers = Workers(count: 3) { round in
            let index = round % clips.count
            return try model.predict(clips[index]) == expected[index]
        }
        workers.wait(forRounds: 60)
        try copy.apply(change)
        workers.wait(forRounds: 200)
        workers.stop()
        #expect(workers.wrongCount == 0)
    }

    @Test("Plans for clips of other lengths are made without the files", arguments: Change.allCases)
    func laterPlans(change: Change) throws {
        let package = try StreamModel.attention.package(hasOpenTime: true, padding: .init(side: .none))
        let expected = try EmotionModel(package)
        let copy = try Copy(.package)
        try FileManager.default.removeItem(at: copy.url)
        try package.write(to: copy.url.path)
        let model = try EmotionModel(contentsOf: copy.url)
        try copy.apply(change)
        for frames in [8, 3, 5, 1] {
            let clip = try Self.clip(frames, features: StreamModel.features)
            #expect(try model.predict(clip) == expected.predict(clip))
        }
    }

    @Test(
        "Attention goes on with the plan that it has; a new one is not made from files that changed",
        arguments: Form.allCases, Change.allCases)
    func attention(form: Form, change: Change) throws {
        let copy = try Copy(form)
        let model = try EmotionModel(contentsOf: copy.url)
        let late = try EmotionModel(contentsOf: copy.url)
        let clip = try Self.clip()
        let maps = try model.attention(of: clip)
        #expect(!maps.isEmpty)
        try copy.apply(change)
        #expect(try model.attention(of: clip) == maps)
        let error = #expect(throws: EmotionFormerError.self) { try late.attention(of: clip) }
        let code: EmotionFormerError.Code =
            switch (form, change) {
            case (.package, .truncated): .sizeMismatch
            case (.package, .overwritten), (_, .exchanged): .checksumMismatch
            case (_, .deleted): .missingFile
            case (.tflite, .truncated), (.tflite, .overwritten): .unreadableFile
            }
        #expect(error?.code == code)
        #expect(try late.predict(clip) == model.predict(clip))
    }

    /// A file that is older than a few seconds is known by what the system says of it, a younger one by its checksum.
    @Test(
        "Another model of the same size, written in place with the old times, is noticed",
        arguments: [(Form.package, false), (.tflite, false), (.tflite, true)])
    func sameSizeAndTime(form: Form, isOld: Bool) async throws {
        let copy = try Copy(form)
        if form == .package {
            // As written by the same writer as the other, so that only checksums differ.
            let package = try ModelPackage.read(folder: copy.url.path)
            try FileManager.default.removeItem(at: copy.url)
            try package.write(to: copy.url.path)
        }
        if isOld { try await Task.sleep(for: .seconds(5)) }
        #expect(try (InputFile(path: copy.data.path, what: "model").version != nil) == isOld)
        let clip = try Self.clip()
        let model = try EmotionModel(contentsOf: copy.url)
        let unchanged = try EmotionModel(contentsOf: copy.url)
        #expect(try !unchanged.attention(of: clip).isEmpty)
        let before = try model.predict(clip)
        switch form {
        case .package:
            let other = try Copy(.package)
            try FileManager.default.removeItem(at: other.url)
            try Self.changed(ModelPackage.read(folder: copy.url.path)).write(to: other.url.path)
            for name in ["manifest.json", "weights.bin"] {
                let bytes = try Data(contentsOf: other.url.appendingPathComponent(name))
                let target = copy.url.appendingPathComponent(name)
                #expect(try Data(contentsOf: target).count == bytes.count)
                try Self.writeInPlace(bytes, to: target, keepingTimes: true)
            }
        case .tflite:
            try Self.writeInPlace(Self.changed(Data(contentsOf: copy.url)), to: copy.url, keepingTimes: true)
        }
        // Not a broken file: it is another model.
        #expect(try EmotionModel(contentsOf: copy.url).predict(clip) != before)
        let error = #expect(throws: EmotionFormerError.self) { try model.attention(of: clip) }
        #expect(error?.code == .checksumMismatch)
        #expect(try model.predict(clip) == before)
    }

    /// The package with one weight changed.
    private static func changed(_ package: ModelPackage) throws -> ModelPackage {
        var program = package.program
        let stored = try #require(program.tensors["project/kernel"])
        var values = try #require(stored.tensor.elements(as: Float.self))
        values[0] += 1
        program.tensors["project/kernel"] = StoredTensor(try Tensor(values, shape: stored.tensor.shape))
        return try ModelPackage(
            name: package.name, producer: package.producer, inputs: package.inputs, labels: package.labels,
            program: program, outputs: package.outputs, selfTest: package.selfTest)
    }

    /// The file with one bit of a weight changed: the first bit that makes another model.
    private static func changed(_ file: Data) throws -> Data {
        let path = FileManager.default.temporaryDirectory.appendingPathComponent("in-use-\(UUID().uuidString).tflite")
        defer { try? FileManager.default.removeItem(at: path) }
        let clip = try Self.clip()
        try file.write(to: path)
        let before = try EmotionModel(contentsOf: path).predict(clip)
        for offset in stride(from: file.startIndex + 2, to: file.endIndex, by: 4) {
            var other = file
            other[offset] ^= 0x40
            try other.write(to: path)
            if let model = try? EmotionModel(contentsOf: path), let found = try? model.predict(clip), found != before {
                return other
            }
        }
        throw CocoaError(.fileReadCorruptFile)
    }

    @Test("Attention needs a TensorFlow Lite file's assets no more once it is loaded")
    func assets() throws {
        let copy = try Copy(.tflite)
        let assets = copy.folder.appendingPathComponent("assets")
        try FileManager.default.createDirectory(at: assets, withIntermediateDirectories: true)
        for (name, value) in [("global_mean", Float(0.5)), ("global_std", 2)] {
            let bytes = ClipFixtures.npy(
                shape: "(5,)", payload: ClipFixtures.bytes(of: [Float](repeating: value, count: 5)))
            try Data(bytes).write(to: assets.appendingPathComponent("\(name).npy"))
        }
        let clip = try Self.clip()
        let maps = try EmotionModel(contentsOf: copy.url, assets: assets).attention(of: clip)
        let model = try EmotionModel(contentsOf: copy.url, assets: assets)
        try FileManager.default.removeItem(at: assets)
        #expect(try model.attention(of: clip) == maps)
        #expect(try EmotionModel(contentsOf: copy.url).attention(of: clip) != maps, "the assets are in use")
    }

    @Test("A self-test is checked on the bytes that it is run with", arguments: [Change.truncated, .overwritten])
    func selfTest(change: Change) throws {
        let copy = try Copy(.package)
        #expect(try EmotionModel.verify(contentsOf: copy.url).isPassed)
        let before = try EmotionModel(contentsOf: copy.url).predict(Self.clip())
        let file = copy.url.appendingPathComponent("selftest.bin")
        let data = try Data(contentsOf: file)
        if change == .truncated { try FileHandle(forWritingTo: file).truncate(atOffset: UInt64(data.count / 2)) }
        if change == .overwritten { try Self.writeInPlace(Data(count: data.count), to: file) }
        let error = #expect(throws: EmotionFormerError.self) { try EmotionModel.verify(contentsOf: copy.url) }
        #expect(error?.code == (change == .truncated ? .sizeMismatch : .checksumMismatch))
        // Not needed for predictions.
        #expect(try EmotionModel(contentsOf: copy.url).predict(Self.clip()) == before)
    }
}

/// Threads that do one thing over and over until they are stopped.
private final class Workers: Sendable {
    private let roundCount = Atomic<Int>(0)
    private let wrong = Atomic<Int>(0)
    private let isStopped = Atomic<Bool>(false)
    private let finished = DispatchSemaphore(value: 0)
    private let count: Int

    /// - Parameter body: is given the round's number, and says whether all is as it should be.
    init(count: Int, _ body: @escaping @Sendable (Int) throws -> Bool) {
        self.count = count
        for _ in 0..<count {
            Thread { [self] in
                while !isStopped.load(ordering: .relaxed) {
                    let round = roundCount.add(1, ordering: .relaxed).oldValue
                    if (try? body(round)) != true { wrong.add(1, ordering: .relaxed) }
                }
                finished.signal()
            }.start()
        }
    }

    var wrongCount: Int { wrong.load(ordering: .relaxed) }

    /// Returns when so many more rounds have begun.
    func wait(forRounds rounds: Int) {
        let goal = roundCount.load(ordering: .relaxed) + rounds
        while roundCount.load(ordering: .relaxed) < goal { Thread.sleep(forTimeInterval: 0.001) }
    }

    func stop() {
        isStopped.store(true, ordering: .relaxed)
        for _ in 0..<count { finished.wait() }
    }
}
