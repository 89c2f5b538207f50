"""The Guru data set (LLM360/guru-RL-92k): files of many schemas in, problems of six domains out."""
