import EmotionFormer
import EmotionFormerCore
import EmotionFormerModelFormat
import EmotionFormerTestSupport
import Testing

@Suite("Models that predict")
struct EmotionModelTests {
    private func clip(_ values: [Float]) throws -> LandmarkClip {
        try LandmarkClip(features: values, frameCount: values.count / 2, featureCount: 2)
    }

    @Test("A prediction is what the model's arithmetic gives, padding included")
    func prediction() throws {
        let model = try EmotionModel(SmallModel.package())
        let full = try model.predict(clip([1, 5, 1, 5, 1, 5, 1, 5]))
        #expect(full.logits == [1, 5, 6])
        #expect(full.label == "Sad")
        #expect(full.framesUsed == 4)
        #expect(abs(full.probabilities.reduce(0, +) - 1) < 1e-6)
        let short = try model.predict(clip([4, 0, 4, 0]))
        #expect(short.logits == [2, 0, 2])
        #expect(short.framesUsed == 2)
        let long = try model.predict(clip([4, 0, 4, 0, 4, 0, 4, 0, 100, 100]))
        #expect(long.logits == [4, 0, 4])
        #expect(long.framesUsed == 4)
    }

    @Test("A prediction in another's place is the same, in the same storage, and leaves copies and failures alone")
    func predictionInPlace() throws {
        let model = try EmotionModel(SmallModel.package())
        var place = Prediction()
        #expect(place.label == "" && place.logits == nil)
        try model.predict(clip([1, 5, 1, 5]), into: &place)
        #expect(place == (try model.predict(clip([1, 5, 1, 5]))))
        let copy = place
        let before = place.probabilities.withUnsafeBufferPointer(\.baseAddress)
        try model.predict(clip([4, 0, 4, 0]), into: &place)
        #expect(place == (try model.predict(clip([4, 0, 4, 0]))))
        #expect(copy == (try model.predict(clip([1, 5, 1, 5]))))
        // The copy kept the storage; from here on nobody shares it.
        let own = place.probabilities.withUnsafeBufferPointer(\.baseAddress)
        #expect(own != before)
        try model.predict(clip([1, 5, 1, 5]), into: &place)
        #expect(place == copy)
        #expect(place.probabilities.withUnsafeBufferPointer(\.baseAddress) == own)
        #expect(
            refusal {
                try model.predict(LandmarkClip(features: [1, 2, 3], frameCount: 1, featureCount: 3), into: &place)
            } == "the clip does not have as many features a frame as the model (found 3, expected 2)")
        #expect(place == copy)
    }

    @Test("A model without padding takes each clip's own length")
    func openTime() throws {
        let package = try SmallModel.package(padding: .init(side: .none), hasOpenTime: true)
        let model = try EmotionModel(package)
        // More lengths than plans are kept, twice.
        for count in [1, 2, 3, 4, 1, 5, 3] {
            let prediction = try model.predict(clip([Float](repeating: 3, count: 2 * count)))
            #expect(prediction.logits == [3, 3, 6])
            #expect(prediction.framesUsed == min(count, 4))
        }
    }

    @Test("Scores and values are given as what they are, and never as probabilities")
    func kinds() throws {
        // The head is 0.5 for each of two features, whose means are 1 and 3.
        let clip = try LandmarkClip(features: [1, 3, 1, 3, 1, 3, 1, 3], frameCount: 4, featureCount: 2)
        let p: Float = 0.880_797_08  // sigmoid(2)
        for classes in [1, 3] {
            let scores = try EmotionModel(SmallModel.ending(in: .sigmoid, classes: classes)).predict(clip)
            #expect(scores.kind == .scores && scores.probabilities.isEmpty && scores.values.isEmpty)
            #expect(scores.scores.count == classes && scores.scores.allSatisfy { abs($0 - p) < 1e-6 })
            #expect(!scores.areProbabilities && scores.label == (classes == 1 ? "" : "class0"))
            let values = try EmotionModel(SmallModel.ending(in: .linear, classes: classes)).predict(clip)
            #expect(values.kind == .values && values.probabilities.isEmpty && values.scores.isEmpty)
            #expect(values.values == [Float](repeating: 2, count: classes) && values["value0"] == 2)
            #expect(!values.areProbabilities && values.label == "")
        }
    }

    @Test("A sigmoid that is said to be probabilities is refused, and so are probabilities of one class")
    func outputsThatAreNoClasses() throws {
        for classes in [1, 3] {
            let scores = try SmallModel.ending(in: .sigmoid, classes: classes)
            #expect(
                refusal {
                    try ModelPackage(
                        name: "wrong", producer: scores.producer, inputs: scores.inputs, program: scores.program,
                        outputs: OutputSpecification.classes(probabilities: "scores", logits: nil))
                }
                    == "outputs.probabilities: the model ends in a sigmoid: its outputs are scores that do not exclude "
                    + "each other, and no probabilities (expected the kind 'scores')")
        }
        let one = try SmallModel.ending(in: .linear, classes: 1)
        #expect(
            refusal {
                try EmotionModel(
                    ModelPackage(
                        name: "one", producer: one.producer, inputs: one.inputs, program: one.program,
                        outputs: OutputSpecification.classes(probabilities: "scores", logits: nil)))
            }
                == "outputs: the model gives one number for a clip, but probabilities are of two classes or more "
                + "(found 1, expected two or more, or the kind 'scores' or 'values')")
    }

    @Test("As many rows as frames that are not the frames' own are no predictions for frames")
    func otherRows() throws {
        let model = try EmotionModel(SmallModel.rows(followingFrames: false))
        let clip = try LandmarkClip(features: [1, 0, 0, 1, 2, 0], frameCount: 3, featureCount: 2)
        let prediction = try model.predict(clip)
        #expect(!model.isPerFrame && prediction.rowCount == 4 && prediction.frames.isEmpty && prediction.label == "")
    }

    @Test(
        "A row of classes for each frame is a prediction for each frame that the model used",
        arguments: [InputDescription.Padding.Side.end, .start])
    func rowsOfClasses(side: InputDescription.Padding.Side) throws {
        let model = try EmotionModel(SmallModel.rows(padding: .init(value: 7, side: side)))
        #expect(model.isPerFrame)
        let clip = try LandmarkClip(features: [1, 0, 0, 1, 2, 0], frameCount: 3, featureCount: 2)
        let prediction = try model.predict(clip)
        #expect(prediction.rowCount == 3 && prediction.outputs.count == 9 && prediction.framesUsed == 3)
        #expect(prediction.label == "" && prediction["class0"] == nil && prediction.top(1).isEmpty)
        #expect(prediction.frames.count == 3 && prediction.frames.allSatisfy(\.areProbabilities))
        #expect(prediction.frames.flatMap(\.outputs) == prediction.outputs)
        // A frame's row is that of a clip of this frame alone.
        for frame in 0..<3 {
            let alone = try model.predict(
                LandmarkClip(
                    features: Array(clip.values[2 * frame..<2 * frame + 2]), frameCount: 1, featureCount: 2))
            #expect(alone.frames.map(\.outputs) == [prediction.frames[frame].outputs])
        }
        #expect(
            refusal { try EmotionStream(model) }
                == "stream: the model gives several rows for a window (found 4 rows, expected one row for the window; "
                + "predict clips with it)")
    }

    @Test("One sigmoid p becomes the classes 1 − p and p")
    func sigmoids() throws {
        func model(_ classes: Int) throws -> EmotionModel {
            var options = ImportOptions(name: "sigmoid", producer: .init(tool: "tests", version: "1"))
            options.outputs = .sigmoid
            return try EmotionModel(
                ModelPackage(importing: SmallModel.ending(in: .sigmoid, classes: classes).program, options: options))
        }
        // The head is 0.5 for each of two features.
        let clip = try LandmarkClip(features: [1, 3, 1, 3, 1, 3, 1, 3], frameCount: 4, featureCount: 2)
        let found = try model(1).predict(clip).probabilities
        let p: Float = 0.880_797_08  // sigmoid(2)
        #expect(found.count == 2 && abs(found[0] - (1 - p)) < 1e-6 && abs(found[1] - p) < 1e-6)
    }

    @Test("An open first axis that the output has not is that of the frames")
    func noBatch() throws {
        let model = try EmotionModel(SmallModel.withoutBatch())
        #expect(model.input.frames == 7 && model.input.features == 8 && model.input.frameShape == [4, 2])
        let ones = try LandmarkClip(features: [Float](repeating: 1, count: 24), frameCount: 3, featureCount: 8)
        let twos = try LandmarkClip(features: [Float](repeating: 2, count: 40), frameCount: 5, featureCount: 8)
        // Means of all frames: 1 and 2 for both coordinates.
        #expect(try model.predict(ones).logits == [1, 1, 2] && model.predict(twos).logits == [2, 2, 4])
    }

    @Test("Columns in another order are refused where the model's layout does not say which it takes")
    func reorderedColumns() throws {
        let model = try EmotionModel(SmallModel.ending(in: .linear, classes: 3, features: 6))
        let planar = try ClipFixtures.clips(.csv, "x_0,x_1,y_0,y_1,z_0,z_1\n1,2,3,4,5,6\n")
        #expect(refusal { try model.predict(planar[0]) }.contains("xyz-planar or xyz-interleaved"))
        let inOrder = try ClipFixtures.clips(.csv, "x_0,y_0,z_0,x_1,y_1,z_1\n1,3,5,2,4,6\n")
        #expect(throws: Never.self) { try model.predict(inOrder[0]) }
        let stated = try EmotionModel(SmallModel.ending(in: .linear, classes: 3, features: 6, layout: .xyzPlanar))
        let given = try stated.graphInput(of: planar[0]).elements(as: Float.self)
        #expect(given == [1, 2, 3, 4, 5, 6] + [Float](repeating: 0, count: 18))
    }

    @Test("A model whose number of outputs follows its frames predicts clips of the one length that fits its labels")
    func outputsThatFollowTheFrames() throws {
        let model = try EmotionModel(SmallModel.outputPerFrame(frames: 4))
        func clip(frames: Int) throws -> LandmarkClip {
            try LandmarkClip(features: [Float](repeating: 1, count: 2 * frames), frameCount: frames, featureCount: 2)
        }
        #expect(try model.predict(clip(frames: 4)).probabilities.count == 4)
        for frames in [1, 3] {
            let error = #expect(throws: EmotionFormerError.self) { try model.predict(clip(frames: frames)) }
            #expect(error?.code == .shapeMismatch && error?.place == "a clip of \(frames) frames: outputs")
            #expect(error?.found == "float32 [1, \(frames)]" && error?.expected == "4 numbers")
            var place = Prediction()
            #expect(
                refusal { try model.predict(clip(frames: frames), into: &place) }
                    == "a clip of \(frames) frames: outputs: the number of outputs follows the number of frames "
                    + "(found float32 [1, \(frames)], expected 4 numbers)")
            #expect(place == Prediction())
        }
        // A stream's first windows are short clips.
        var stream = try EmotionStream(model, options: .init(minimumFrames: 2))
        _ = try stream.append(LandmarkFrame(features: [1, 1]))
        #expect(
            refusal { try stream.append(LandmarkFrame(features: [1, 1])) }
                == "a clip of 2 frames: outputs: the number of outputs follows the number of frames (found float32 [1, 2], expected 4 numbers)"
        )
        _ = try? stream.append(LandmarkFrame(features: [1, 1]))
        #expect(try stream.append(LandmarkFrame(features: [1, 1]))?.probabilities.count == 4)
    }

    @Test("Many clips give what each gives alone, in order, also from several tasks at once")
    func batches() async throws {
        let model = try EmotionModel(SmallModel.package())
        let clips = try (0..<50).map { try clip([Float($0), 1, 2, Float($0) / 3]) }
        let alone = try clips.map { try model.predict($0) }
        #expect(try await model.predict(clips) == alone)
        #expect(try await model.predict(clips, concurrency: 7) == alone)
        #expect(try await model.predict([]).isEmpty)
        let results = try await withThrowingTaskGroup(of: [Prediction].self) { group in
            for _ in 0..<4 { group.addTask { try await model.predict(clips) } }
            return try await group.reduce(into: []) { $0.append($1) }
        }
        #expect(results.allSatisfy { $0 == alone })
    }

    @Test("The first clip that fails is named, and a cancelled task says so")
    func failures() async throws {
        let model = try EmotionModel(SmallModel.package())
        let good = try clip([1, 2])
        let bad = try LandmarkClip(features: [1, 2, 3], frameCount: 1, featureCount: 3)
        let error = await #expect(throws: EmotionFormerError.self) { try await model.predict([good, good, bad, bad]) }
        #expect(error?.code == .featureCountMismatch)
        #expect(error?.place == "clip 2")
        #expect(error?.found == "3")
        #expect(error?.expected == "2")
        let task = Task {
            while !Task.isCancelled { await Task.yield() }
            return try await model.predict([good, good])
        }
        task.cancel()
        let cancelled = await #expect(throws: EmotionFormerError.self) { try await task.value }
        #expect(cancelled?.code == .cancelled)
    }

    @Test("An output that is not finite is an error, not a prediction")
    func overflow() throws {
        let model = try EmotionModel(SmallModel.package(scale: 1e30))
        let error = #expect(throws: EmotionFormerError.self) { try model.predict(clip([1e30, 1e30])) }
        #expect(error?.code == .notFinite)
    }

    @Test("Labels are class0, class1, … where the model has none")
    func labels() throws {
        #expect(try EmotionModel(SmallModel.package(labels: nil)).labels == ["class0", "class1", "class2"])
    }

    @Test("Every instruction set of the machine gives the same numbers here, and thread counts are checked")
    func options() throws {
        for level in EmotionModel.InstructionSet.available {
            let model = try EmotionModel(SmallModel.package(), options: .init(threads: 2, instructionSet: level))
            #expect(try model.predict(clip([4, 0, 4, 0])).logits == [2, 0, 2])
        }
        let fault = #expect(throws: Fault.self) { try EmotionModel(SmallModel.package(), options: .init(threads: 0)) }
        #expect(fault?.code == .invalidArgument)
    }

    @Test("A self-test passes, and a wrong one fails")
    func selfTest() throws {
        let model = try Model(SmallModel.package())
        let good = try model.run(SmallModel.selfTest())
        #expect(good.isPassed)
        #expect(good.oracle == "by hand")
        #expect(good.clipCount == 1)
        let wrong = try model.run(SmallModel.selfTest(error: 1e-3))
        #expect(!wrong.isPassed)
        #expect(wrong.logits?.isPassed == false)
    }
}
