import EmotionFormerTFLiteImport
import EmotionFormerTensors
import Foundation

/// The small committed files; Tools/fixtures/make_tflite_fixtures.py makes them.
enum Fixture {
    static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../Fixtures/tflite").standardizedFileURL

    static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".tflite") }.map { String($0.dropLast(7)) }.sorted()

    static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).tflite")))
    }

    static func model(_ name: String) throws -> ImportedModel {
        try TFLiteImporter.read(try bytes(name), name: "\(name).tflite")
    }
}
