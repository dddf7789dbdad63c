import EmotionFormerCore
package import EmotionFormerTFLiteImport
package import Foundation

/// The small committed files; `Tools/make-fixtures tflite` makes them.
package enum Fixture {
    package static let folder = URL(fileURLWithPath: #filePath).deletingLastPathComponent()
        .appendingPathComponent("../tflite").standardizedFileURL

    /// A committed model package: `format1`.
    package static func package(_ name: String) -> String {
        URL(fileURLWithPath: #filePath).deletingLastPathComponent().deletingLastPathComponent().path
            + "/packages/\(name).package"
    }

    package static let names: [String] =
        ((try? FileManager.default.contentsOfDirectory(atPath: folder.path)) ?? [])
        .filter { $0.hasSuffix(".tflite") }.map { String($0.dropLast(7)) }.sorted()

    package static func bytes(_ name: String) throws -> [UInt8] {
        [UInt8](try Data(contentsOf: folder.appendingPathComponent("\(name).tflite")))
    }

    package static func model(_ name: String) throws -> ImportedModel {
        try TFLiteImporter.read(try bytes(name), name: "\(name).tflite")
    }
}
