import EmotionFormer
import EmotionFormerCore
import Foundation
import Testing

@Suite("SavedModel folders")
struct SavedModelFolderTests {
    private static func withFolder(_ names: [String], _ body: (String) throws -> Void) throws {
        let folder = FileManager.default.temporaryDirectory.appendingPathComponent("saved-\(UUID().uuidString)")
        try FileManager.default.createDirectory(at: folder, withIntermediateDirectories: true)
        defer { try? FileManager.default.removeItem(at: folder) }
        for name in names { try Data().write(to: folder.appendingPathComponent(name)) }
        try body(folder.path)
    }

    private static func fault(_ path: String) -> Fault? {
        do throws(Fault) {
            _ = try ModelFile.read(path)
            return nil
        } catch {
            return error
        }
    }

    @Test("One command makes a file of it that is read")
    func commands() throws {
        try SavedModelFolderTests.withFolder(["saved_model.pb"]) { path in
            let fault = try #require(SavedModelFolderTests.fault(path))
            #expect(
                fault.description == """
                    \(path): a SavedModel folder is not read (expected a TensorFlow Lite file, made in a Python that has \
                    tensorflow: python -c 'import tensorflow as tf; open("model.tflite", "wb").write(tf.lite.\
                    TFLiteConverter.from_saved_model("\(path)").convert())')
                    """)
        }
        try SavedModelFolderTests.withFolder(["saved_model.pb", "keras_metadata.pb"]) { path in
            let fault = try #require(SavedModelFolderTests.fault(path))
            #expect(
                fault.description == """
                    \(path): a SavedModel folder is not read (expected a .keras file for Tools/export, made in a Python \
                    that has tensorflow and tf_keras: python -c 'import tf_keras; tf_keras.models.load_model("\(path)", \
                    compile=False).save("model.keras")')
                    """)
        }
    }

    @Test("Any other folder is told that it has no manifest")
    func otherFolders() throws {
        try SavedModelFolderTests.withFolder(["model.txt"]) { path in
            let fault = try #require(SavedModelFolderTests.fault(path))
            #expect(fault.code == .missingFile && fault.place == "\(path)/manifest.json")
        }
    }
}
