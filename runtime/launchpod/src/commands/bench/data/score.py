spread = InputDataSet.max() - InputDataSet.min()
OutputDataSet = ((InputDataSet - InputDataSet.mean()) / spread).sum(axis=1).to_frame("score")
