import EmotionFormerCore
import EmotionFormerFixtures
import EmotionFormerTestSupport
import Foundation
import Testing

@testable import EmotionFormerFiles
@testable import EmotionFormerModelFormat

@Suite struct WritingTests {
    private func fault(
        moving output: consuming OutputFolder, to path: String, _ names: [String], inOneStep: Bool
    ) -> Fault? {
        do throws(Fault) {
            try output.move(to: path, replacing: names, inOneStep: inOneStep)
            return nil
        } catch {
            return error
        }
    }

    @Test("an existing package is replaced whole, and nothing else is left beside it")
    func replaced() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try SmallPackage.make().write(to: path)
        try SmallPackage.make(selfTest: false).write(to: path + "/")
        #expect(try ModelPackage.read(folder: path).selfTest == nil)
        #expect(try FileManager.default.contentsOfDirectory(atPath: path).sorted() == ["manifest.json", "weights.bin"])
        #expect(try folder.names() == ["model"])
    }

    @Test("a package is replaced where a symbolic link points, and the link stays")
    func symbolicLink() throws {
        let folder = try TemporaryFolder()
        try SmallPackage.make().write(to: folder.path + "/model")
        try FileManager.default.createSymbolicLink(atPath: folder.path + "/link", withDestinationPath: "model")
        try SmallPackage.make(selfTest: false).write(to: folder.path + "/link")
        #expect(try ModelPackage.read(folder: folder.path + "/model").selfTest == nil)
        #expect(try folder.names() == ["link", "model"])
    }

    @Test("an empty folder is taken")
    func emptyFolder() throws {
        let folder = try TemporaryFolder()
        try FileManager.default.createDirectory(atPath: folder.path + "/model", withIntermediateDirectories: false)
        try SmallPackage.make().write(to: folder.path + "/model")
        _ = try ModelPackage.read(folder: folder.path + "/model")
        #expect(try folder.names() == ["model"])
    }

    @Test("a file, a folder that is not a package, and a package with a foreign file are refused and stay as they are")
    func refused() throws {
        let folder = try TemporaryFolder()
        let manager = FileManager.default
        func expect(_ name: String, _ part: String) throws {
            let before = try manager.subpathsOfDirectory(atPath: folder.path).sorted()
            let fault = #expect(throws: Fault.self) { try SmallPackage.make().write(to: "\(folder.path)/\(name)") }
            #expect(fault?.code == .writeFailed)
            #expect(fault?.description.contains(part) == true, "\(String(describing: fault))")
            #expect(try manager.subpathsOfDirectory(atPath: folder.path).sorted() == before)
        }
        try Data("text".utf8).write(to: URL(fileURLWithPath: folder.path + "/file"))
        try expect("file", "found a file")
        try manager.createDirectory(atPath: folder.path + "/other", withIntermediateDirectories: false)
        try Data("{}".utf8).write(to: URL(fileURLWithPath: folder.path + "/other/manifest.json"))
        try expect("other", "not a model package exists there")
        try SmallPackage.make(selfTest: false).write(to: folder.path + "/model")
        try Data("text".utf8).write(to: URL(fileURLWithPath: folder.path + "/model/notes.txt"))
        try expect("model", "found 'notes.txt'")
        try expect("absent/model", "cannot be made")
    }

    @Test("a failure while writing leaves the old package and nothing of the new one")
    func failure() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try SmallPackage.make().write(to: path)
        #expect(
            refusal {
                var output = try OutputFolder(beside: path)
                try output.addFile("weights.bin") { append throws(Fault) in
                    [UInt8](repeating: 1, count: 1000).withUnsafeBytes { try? append($0) }
                    throw Fault(.writeFailed, at: path, "the disk is full")
                }
            } == "\(path): the disk is full")
        #expect(try folder.names() == ["model"])
        _ = try ModelPackage.read(folder: path, verifyHash: true)
    }

    @Test("where two names can only be renamed one after the other, a second rename that fails brings the old one back")
    func secondRename() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try SmallPackage.make().write(to: path)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        // What shall take the place was never made.
        let unfinished = try UnfinishedOutput(beside: path)
        #expect(OutputFolder.put(unfinished, path, names, inOneStep: false, changed: -1) == ENOENT)
        _ = try ModelPackage.read(folder: path, verifyHash: true)
        #expect(!FileManager.default.fileExists(atPath: unfinished.old))
    }

    @Test(
        "what comes into the old package while the new one is written is kept, with the old package",
        arguments: [true, false])
    func changed(inOneStep: Bool) throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try SmallPackage.make().write(to: path)
        let names = try FileManager.default.contentsOfDirectory(atPath: path)
        var output = try OutputFolder(beside: path)
        try output.addFile("new") { append throws(Fault) in }
        try Data("mine".utf8).write(to: URL(fileURLWithPath: path + "/notes.txt"))
        let fault = fault(moving: output, to: path, names, inOneStep: inOneStep)
        #expect(fault?.description.contains("changed while") == true)
        #expect(
            try FileManager.default.contentsOfDirectory(atPath: path).sorted() == (names + ["notes.txt"]).sorted())
        #expect(try folder.names() == ["model"])
    }

    @Test("what a killed process left is removed by the next; what is locked, or has another name, is not")
    func abandoned() throws {
        let folder = try TemporaryFolder()
        let manager = FileManager.default
        func make(_ name: String) throws -> String {
            let path = "\(folder.path)/\(name)/new"
            try manager.createDirectory(atPath: path, withIntermediateDirectories: true)
            try Data("half".utf8).write(to: URL(fileURLWithPath: path + "/weights.bin"))
            return "\(folder.path)/\(name)"
        }
        let locked = ".emotionformer-0123456789abcdef.partial"
        let foreign = ".emotionformer-notes.partial"
        _ = try make(".emotionformer-0123456789abcde0.partial")
        _ = try make(foreign)
        let descriptor = open(try make(locked), O_RDONLY)
        try #require(flock(descriptor, LOCK_EX) == 0)
        try SmallPackage.make().write(to: folder.path + "/model")
        #expect(try folder.names() == [locked, foreign, "model"])
        close(descriptor)
        try SmallPackage.make().write(to: folder.path + "/model")
        #expect(try folder.names() == [foreign, "model"])
        // Killed after the exchange: of the old package, what was noted goes; what is foreign stays.
        let hidden = try make(locked)
        try Data("mine".utf8).write(to: URL(fileURLWithPath: hidden + "/new/notes.txt"))
        try Data("model\0weights.bin".utf8).write(to: URL(fileURLWithPath: hidden + "/replaced"))
        try SmallPackage.make().write(to: folder.path + "/model")
        #expect(try manager.contentsOfDirectory(atPath: hidden + "/new") == ["notes.txt"])
    }

    @Test("a link that dangles is written through, one that leads to itself and a current folder are refused")
    func places() throws {
        let folder = try TemporaryFolder()
        let manager = FileManager.default
        try manager.createSymbolicLink(atPath: folder.path + "/dangling", withDestinationPath: "made")
        try SmallPackage.make().write(to: folder.path + "/dangling")
        _ = try ModelPackage.read(folder: folder.path + "/made")
        try manager.createSymbolicLink(atPath: folder.path + "/loop", withDestinationPath: "loop")
        let fault = #expect(throws: Fault.self) { try SmallPackage.make().write(to: folder.path + "/loop") }
        #expect(fault?.description.contains("leads to itself") == true)
        let current = #expect(throws: Fault.self) { try SmallPackage.make().write(to: ".") }
        #expect(current?.description.contains("the current folder cannot be replaced") == true)
        #expect(mkfifo(folder.path + "/pipe", 0o600) == 0)
        let pipe = #expect(throws: Fault.self) { try SmallPackage.make().write(to: folder.path + "/pipe") }
        #expect(pipe?.description.contains("found a pipe") == true)
        #expect(try folder.names() == ["dangling", "loop", "made", "pipe"])
    }

    @Test("names that a normalization's or scale's tensor would get are taken from nobody")
    func names() throws {
        let package = try SmallPackage.make()
        var program = package.program
        program.tensors["normalization.mean"] = program.tensors["scores/kernel"]
        program.tensors["scores/kernel"] = nil
        program.graphs[0].nodes[2].weights["kernel"] = "normalization.mean"
        let renamed = try ModelPackage(
            name: "renamed", producer: package.producer, inputs: package.inputs, program: program,
            outputs: package.outputs)
        let folder = try TemporaryFolder()
        try renamed.write(to: folder.path + "/model")
        let read = try ModelPackage.read(folder: folder.path + "/model")
        #expect(read.clip?.normalization?.mean.elements(as: Float.self) == [0.5, 0, 1])
        #expect(read.program.tensors["normalization.mean"]?.tensor.shape.extents == [3, 2])
    }

    @Test("where folders cannot be exchanged in one step, the old one is renamed, replaced and removed")
    func twoSteps() throws {
        let folder = try TemporaryFolder()
        let path = folder.path + "/model"
        try SmallPackage.make().write(to: path)
        let old = try FileManager.default.contentsOfDirectory(atPath: path)
        var output = try OutputFolder(beside: path)
        try output.addFile("new") { append throws(Fault) in }
        try output.move(to: path, replacing: old, inOneStep: false)
        #expect(try folder.names() == ["model"])
        #expect(try FileManager.default.contentsOfDirectory(atPath: path) == ["new"])
    }
}
