import Foundation
import Testing

@Suite("emotionformer convert")
struct ConvertCommandTests {
    private static let tests = URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent()
    private let folder: TemporaryFolder
    private let model: String
    private let assets: URL
    private let clip: String
    private let package: String

    init() throws {
        folder = try TemporaryFolder()
        model = Self.tests.appendingPathComponent("Fixtures/tflite/k3_transformer_float32.tflite").path
        assets = folder.url.appendingPathComponent("assets")
        package = folder.url.appendingPathComponent("package").path
        try FileManager.default.createDirectory(at: assets, withIntermediateDirectories: true)
        clip = try folder.write(
            (0..<9).map { frame in (0..<40).map { "\(Double(frame * 40 + $0 % 7) / 50)" }.joined(separator: ",") + "\n"
            }
            .joined(), to: "clip.csv")
        try npy((0..<40).map { Double($0) / 10 }, shape: "(1, 1, 40)")
            .write(to: assets.appendingPathComponent("global_mean.npy"))
        try npy((0..<40).map { 1 + Double($0) / 20 }, shape: "(40,)")
            .write(to: assets.appendingPathComponent("global_std.npy"))
        try Data("{\"epochs\": 12, \"nested\": {\"a\": [1, 2.5]}}".utf8)
            .write(to: assets.appendingPathComponent("metadata.json"))
    }

    private func npy(_ values: [Double], shape: String) -> Data {
        var header = "{'descr': '<f8', 'fortran_order': False, 'shape': \(shape), }"
        header += String(repeating: " ", count: 63 - (10 + header.utf8.count) % 64) + "\n"
        var bytes = Data([0x93] + Array("NUMPY".utf8) + [1, 0, UInt8(header.utf8.count), 0] + Array(header.utf8))
        for value in values { withUnsafeBytes(of: value.bitPattern.littleEndian) { bytes.append(contentsOf: $0) } }
        return bytes
    }

    private func classNames(_ count: Int) -> String { (0..<count).map { "Name\($0)" }.joined(separator: ",") }

    private var isPackageThere: Bool { FileManager.default.fileExists(atPath: package) }

    @Test("The package predicts to the digit what the file with the same assets does, and not what it does without")
    func samePredictions() throws {
        let run = try Executable.run("convert", model, "--assets", assets.path, "-o", package)
        #expect(run.code == 0, "\(run.errors)")
        #expect(run.output.isEmpty)
        let converted = try Executable.run("predict", "--json", "--model", package, clip)
        let direct = try Executable.run("predict", "--json", "--model", model, "--assets", assets.path, clip)
        let bare = try Executable.run("predict", "--json", "--model", model, clip)
        #expect(converted.code == 0)
        #expect(converted.output == direct.output)
        #expect(bare.code == 0)
        #expect(converted.output != bare.output)
    }

    @Test("Options come before the assets folder, and end up in the package with the sources' hashes")
    func options() throws {
        let labels = classNames(6)
        let run = try Executable.run(
            "convert", model, "--assets", assets.path, "--labels", labels, "--padding-order", "after", "--pad-side",
            "pre", "--truncate", "uniform", "--epsilon", "0.5", "--name", "mine", "-o", package)
        #expect(run.code == 0, "\(run.errors)")
        let inspected = try Executable.run("inspect", "--json", package)
        let object = try #require(
            try JSONSerialization.jsonObject(with: Data(inspected.output.utf8)) as? [String: Any])
        #expect(object["name"] as? String == "mine")
        #expect(object["labels"] as? [String] == labels.split(separator: ",").map(String.init))
        #expect((object["metadata"] as? [String: Any])?["epochs"] as? Int == 12)
        let input = try #require(object["input"] as? [String: Any])
        #expect(input["truncation"] as? String == "uniform")
        let padding = try #require(input["padding"] as? [String: Any])
        #expect(padding["side"] as? String == "start")
        #expect(padding["order"] as? String == "afterNormalization")
        let producer = try #require(object["producer"] as? [String: Any])
        #expect(producer["tool"] as? String == "emotionformer convert")
        let sources = try #require(producer["sources"] as? [[String: String]])
        #expect(
            sources.map { $0["name"] } == [
                "k3_transformer_float32.tflite", "global_mean.npy", "global_std.npy", "metadata.json",
            ])
        #expect(sources.allSatisfy { $0["sha256"]?.count == 64 })
        #expect(try Executable.run("verify", package).code == 2)
    }

    @Test("A label encoder's pickle in the assets folder gives the names; one for another model is an error")
    func labelEncoder() throws {
        let encoders = Self.tests.appendingPathComponent("EmotionFormer/Fixtures/labels")
        let place = assets.appendingPathComponent("label_encoder.pkl")
        try FileManager.default.copyItem(at: encoders.appendingPathComponent("text-4.pkl"), to: place)
        let wrong = try Executable.run("convert", model, "--assets", assets.path, "-o", package)
        #expect(wrong.code == 1)
        #expect(wrong.isOneLineFailure)
        #expect(wrong.errors.contains("(found 3, expected 6)"), "\(wrong.errors)")
        #expect(!isPackageThere)
        try FileManager.default.removeItem(at: place)
        try FileManager.default.copyItem(at: encoders.appendingPathComponent("emotions.pkl"), to: place)
        #expect(try Executable.run("convert", model, "--assets", assets.path, "-o", package).code == 0)
        let header = try Executable.run("predict", "--csv", "--model", package, clip).lines.first
        #expect(header == "clip,index,start_frame,end_frame,label,Angry,Disgust,Fear,Happy,Neutral,Sad")
    }

    @Test("An existing package is replaced whole; a failure leaves it as it was")
    func replacement() throws {
        #expect(try Executable.run("convert", model, "--name", "first", "-o", package).code == 0)
        let first = try FileManager.default.contentsOfDirectory(atPath: package).sorted()
        let failed = try Executable.run("convert", model, "--labels", classNames(99), "-o", package)
        #expect(failed.code == 1)
        #expect(failed.isOneLineFailure)
        #expect(try Executable.run("inspect", package).lines.first?.hasSuffix("first") == true)
        #expect(try Executable.run("convert", model, "--name", "second", "-o", package).code == 0)
        #expect(try Executable.run("inspect", package).lines.first?.hasSuffix("second") == true)
        #expect(try FileManager.default.contentsOfDirectory(atPath: package).sorted() == first)
        // A folder that is not a package is never touched.
        let foreign = try Executable.run("convert", model, "-o", assets.path)
        #expect(foreign.code == 1)
        #expect(foreign.isOneLineFailure)
        #expect(try FileManager.default.contentsOfDirectory(atPath: assets.path).count == 3)
    }

    @Test("A web app's folder, whose manifest.json is another's, is refused and untouched; so is the current folder")
    func foreignManifest() throws {
        let app = folder.url.appendingPathComponent("app")
        try FileManager.default.createDirectory(at: app, withIntermediateDirectories: true)
        try Data("{\"name\": \"My app\"}".utf8).write(to: app.appendingPathComponent("manifest.json"))
        let run = try Executable.run("convert", model, "-o", app.path)
        #expect(run.code == 1)
        #expect(run.isOneLineFailure)
        #expect(run.errors.contains("not a model package exists there"), "\(run.errors)")
        let empty = folder.url.appendingPathComponent("empty")
        try FileManager.default.createDirectory(at: empty, withIntermediateDirectories: true)
        let here = try Executable.run(["convert", model, "-o", "."], in: empty)
        #expect(here.code == 1)
        #expect(here.errors.contains("the current folder cannot be replaced"), "\(here.errors)")
        #expect(try FileManager.default.contentsOfDirectory(atPath: app.path) == ["manifest.json"])
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: folder.url.path).sorted() == [
                "app", "assets", "clip.csv", "empty",
            ])
    }

    @Test(
        "An asset that is a link out of its folder, or no regular file, is refused by name; a link within is followed")
    func linkedAssets() throws {
        let manager = FileManager.default
        let metadata = assets.appendingPathComponent("metadata.json")
        let secret = try folder.write("{\"secret\": 1}", to: "secret.json")
        try manager.removeItem(at: metadata)
        try manager.createSymbolicLink(atPath: metadata.path, withDestinationPath: secret)
        let leaving = try Executable.run("convert", model, "--assets", assets.path, "-o", package)
        #expect(leaving.code == 1)
        #expect(leaving.isOneLineFailure)
        #expect(leaving.errors.contains("metadata.json"), "\(leaving.errors)")
        #expect(leaving.errors.contains("leads out of the assets folder"), "\(leaving.errors)")
        #expect(!isPackageThere)
        try manager.removeItem(at: metadata)
        try #require(mkfifo(metadata.path, 0o600) == 0)
        let pipe = try Executable.run("convert", model, "--assets", assets.path, "-o", package)
        #expect(pipe.code == 1)
        #expect(pipe.errors.contains("not a regular file"), "\(pipe.errors)")
        try manager.removeItem(at: metadata)
        let sub = assets.appendingPathComponent("sub")
        try manager.createDirectory(at: sub, withIntermediateDirectories: true)
        try Data("{\"epochs\": 3}".utf8).write(to: sub.appendingPathComponent("held"))
        try manager.createSymbolicLink(atPath: metadata.path, withDestinationPath: "sub/held")
        #expect(try Executable.run("convert", model, "--assets", assets.path, "-o", package).code == 0)
    }

    @Test("A report that is a link is written where it leads; another's file, and a pipe that nobody reads, stay")
    func reportTargets() throws {
        let bundled = Self.tests.appendingPathComponent("Fixtures/attention/blocks.package").path
        let features = try folder.write("0.1,0.2,0.3,0.4,0.5\n0.5,0.4,0.3,0.2,0.1\n", to: "features.csv")
        func report(_ path: String) throws -> Executable.Outcome {
            try Executable.run("predict", "--model", bundled, "--report", path, features)
        }
        let place = folder.url.path
        try FileManager.default.createSymbolicLink(atPath: place + "/link.html", withDestinationPath: "page.html")
        for _ in 0..<2 {
            let run = try report(place + "/link.html")
            #expect(run.code == 0, "\(run.errors)")
        }
        #expect(try FileManager.default.destinationOfSymbolicLink(atPath: place + "/link.html") == "page.html")
        #expect(try String(contentsOfFile: place + "/page.html", encoding: .utf8).hasPrefix("<!doctype html>"))
        let thesis = try folder.write("mine", to: "thesis.html")
        let refused = try report(thesis)
        #expect(refused.code == 1)
        #expect(refused.isOneLineFailure)
        #expect(try String(contentsOfFile: thesis, encoding: .utf8) == "mine")
        try #require(mkfifo(place + "/pipe", 0o600) == 0)
        #expect(try report(place + "/pipe").isOneLineFailure)
        var status = stat()
        #expect(lstat(place + "/pipe", &status) == 0)
        #expect(status.st_mode & S_IFMT == S_IFIFO)
    }

    @Test("A package of format 1 becomes one of today's format; what is about TensorFlow Lite files is refused for it")
    func upgrade() throws {
        let old = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
            .appendingPathComponent("../Fixtures/packages/format1.package").standardizedFileURL.path
        for option in [
            ["--missing-value", "refuse"], ["--pad-side", "end"], ["--pad-value", "0"], ["--truncate", "end"],
            ["--missing-frame", "drop"], ["--padding-order", "before"], ["--epsilon", "0"], ["--from-probabilities"],
            ["--output-kind", "values"], ["--labels", "a,b"],
        ] {
            let refused = try Executable.run(["convert", old, "-o", package] + option)
            #expect(refused.code == 1 && refused.isOneLineFailure, "\(refused.errors)")
            #expect(refused.errors.contains("\(option[0]) is about a TensorFlow Lite file"), "\(refused.errors)")
            #expect(!isPackageThere)
        }
        #expect(try Executable.run(["convert", old, "-o", package]).code == 0)
        let text = try String(contentsOfFile: package + "/manifest.json", encoding: .utf8)
        #expect(text.contains("\"formatVersion\": 2"))
        let (first, second) = try (
            Executable.run(["inspect", "--json", old]), Executable.run(["inspect", "--json", package])
        )
        #expect(first.code == 0 && second.code == 0 && first.output.contains("\"selfTest\": {"))
        #expect(second.output.contains("\"selfTest\": {"))
    }

    @Test("Whatever is wrong is told in one line, and nothing is written")
    func failures() throws {
        try npy((0..<39).map(Double.init), shape: "(39,)").write(to: folder.url.appendingPathComponent("short.npy"))
        try npy([0], shape: "()").write(to: folder.url.appendingPathComponent("zero.npy"))
        let short = folder.url.appendingPathComponent("short.npy").path
        let zero = folder.url.appendingPathComponent("zero.npy").path
        let std = assets.appendingPathComponent("global_std.npy").path
        let hostile = try folder.write("cos\nsystem\n(S'true'\ntR.", to: "hostile.pkl")
        let broken = try folder.write("....TFL3....", to: "broken.tflite")
        for (arguments, words) in [
            ([model, "--mean", short, "--std", std], ["[39]", "40"]), ([model, "--mean", short], ["--std"]),
            ([model, "--mean", zero, "--std", zero], ["standard deviation is 0"]),
            ([model, "--labels", hostile], ["os.system", "hostile.pkl"]),
            ([model, "--labels", classNames(99)], ["found 99"]), ([model, "--labels", "Nothing"], ["Nothing"]),
            ([model, "--labels", "/nonexistent.txt"], ["/nonexistent.txt"]),
            ([model, "--assets", "/nonexistent"], ["/nonexistent"]),
            ([model, "--frames", "77"], ["77", "12"]), ([model, "--pad-side", "none"], ["padding"]),
            ([model, "--layout", "xyz-planar"], ["multiple of 3"]), ([broken], ["broken.tflite"]),
            (["/nonexistent.tflite"], ["/nonexistent.tflite"]), ([folder.url.path], ["folder"]),
            ([clip], ["not a model"]),
        ] as [([String], [String])] {
            let run = try Executable.run(["convert"] + arguments + ["-o", package])
            #expect(run.code == 1, "\(arguments)")
            #expect(run.isOneLineFailure, "\(run.errors)")
            for word in words { #expect(run.errors.contains(word), "\(run.errors)") }
            #expect(run.output.isEmpty)
            #expect(!isPackageThere)
        }
        for arguments in [
            [model], [model, "-o", package, "--layout", "w"], [model, "-o", package, "--frames", "0"],
            [model, "-o", package, "--truncate", "middle"], [model, "-o", package, "--epsilon", "-1"],
        ] {
            let run = try Executable.run(["convert"] + arguments)
            #expect(run.code == 64)
            #expect(run.isOneLineFailure, "\(run.errors)")
        }
    }
}
